"""Another organisation's locked models: read, checked, kept and run; docs/decisions/evaluators.md says why so.

Knows agencies and operators by codes and ids only. Nothing here imports onnx, onnxruntime or model_signing but `child` and what it calls:
these libraries are loaded in processes of their own, never in a web process or a worker.
"""
