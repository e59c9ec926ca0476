// A conversation with the tests: each line of standard input is a command in JSON, each answer a line of standard output.
import { createInterface } from 'node:readline';

// Standard output is for answers; what a library wants to tell goes where pytest keeps it for failures.
console.log = console.info = console.warn = console.error;

// `answer` takes the command as an object and returns (or promises) the answer; ends when the tests do.
export async function converse(answer) {
  for await (const line of createInterface({ input: process.stdin })) {
    process.stdout.write(`${JSON.stringify(await answer(JSON.parse(line)))}\n`);
  }
  process.exit();
}
