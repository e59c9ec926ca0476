// What to do about each code: of Aurora's API (RFC 9457, member `code`) and of its OAuth endpoints (member `error`). ../README.md has the same table
// in words; a test holds both against Aurora's own lists.
const ASK = 'Ask the citizen again, if you still need it: node client.mjs ask CATEGORY...';
const DELETE = 'Delete what you hold of it and confirm: node client.mjs events.';
const REPORT = 'A fault in the client: look at the sentence. Trying again does not help.';
const LATER = 'Try again later, after the seconds of Retry-After.';
const OWNER = 'Your agency has no approved key for signing models: call Aurora\'s operator.';
const NEWER = 'A version of a model never changes, and there is no way back to an older one: register a higher number.';
const PACKAGE = 'Build the package as evaluators.md says: contract.json, vectors.json, models/*.onnx and nothing else.';
const SIGN = 'Sign exactly the files of the package with the key, or a valid certificate for signing, as is approved for your agency.';
const CERTIFIED = 'The certificate must come from the authority, and bear the name, that Aurora let in. Call Aurora\'s operator if either has changed.';
const CONTRACT = 'Mend contract.json: the sentence names what does not fit.';
const MODEL = 'Mend or export the model anew: it must be plain, repeatable, and give what your own test vectors say.';

export const advice = {
  // The citizen's consent does not open this.
  no_consent: ASK,
  consent_withdrawn: `${DELETE} Do not ask again at once: the citizen has just said no.`,
  consent_expired: `${DELETE} ${ASK}`,
  consent_outdated: `What was agreed to means something else by now. ${ASK}`,
  not_yet_valid: 'The consent begins later. Wait for its first day.',
  purpose_not_covered: ASK,
  category_not_covered: `The citizen left this out. Go on without it, or add it: node client.mjs ask --merge GRANT CATEGORY.`,
  used_up: `The consent was for one use. ${ASK}`,
  not_registered: 'Your client is no longer registered for this. Speak to Aurora\'s operator.',
  // The call itself.
  not_authenticated: REPORT,
  invalid_token: 'Refresh the access token. If that is refused too, the grant has ended.',
  invalid_dpop_proof: `Look at your clock, the key and the address that the proof names. ${REPORT}`,
  use_dpop_nonce: 'Sign again with the nonce of the DPoP-Nonce header. openid-client does it by itself.',
  insufficient_scope: 'Get a token for the scope that the answer names.',
  forbidden: REPORT,
  not_found: 'Look at the identifier. What is another agency\'s is answered the same way.',
  invalid_input: REPORT,
  parse_error: REPORT,
  bad_request: REPORT,
  method_not_allowed: REPORT,
  csrf_failed: REPORT,
  https_required: 'Call the https address, and change keys if anything secret went in the clear.',
  not_acceptable: REPORT,
  unsupported_media_type: REPORT,
  too_large: REPORT,
  // Reporting uses (../uses.md).
  uses_refused: 'None of the batch was taken: mend the uses that `errors` names by position, and send all of them under a new id.',
  uses_too_many: 'As many uses of somebody as a day has room for. Send the same batch after Retry-After, or now without those that `errors` names.',
  batch_invalid: `Build the batch as uses.md or pushing.md says. ${REPORT}`,
  batch_differs: 'You have sent something else under this id, and that stands. Give what is new a new id.',
  // Sending facts (../pushing.md).
  not_a_source: 'Your agency is not registered as a source that pushes. Speak to Aurora\'s operator.',
  nothing_asked: 'There is nothing to confirm: go on.',
  confirmed_otherwise: 'You have confirmed it already, with other words, and those stand. Tell Aurora\'s operator if they are wrong.',
  // Citizens' cases, and uses that a law lets you tell of later.
  concern_moved: 'The case was answered or closed meanwhile: read it again.',
  correction_moved: 'The request was answered or taken back meanwhile: read it again.',
  concern_put_off_already: 'A later day can be named once. Answer now.',
  delay_not_allowed: 'Your agency may not have uses kept back by this law. Speak to Aurora\'s operator.',
  delay_law_unknown: REPORT,
  delay_too_long: 'The law does not allow so long a delay.',
  delay_no_extension: 'The new day must be later than the former one.',
  delay_over: 'The day has passed: the citizen is told. There is nothing to do.',
  delay_extended_already: 'It is kept back longer once, not twice.',
  // Registering a model (../evaluators.md).
  not_a_model_owner: OWNER,
  no_owner_key: OWNER,
  upload_too_slow: 'The package must arrive within a minute. Send it again over a faster line.',
  version_exists: NEWER,
  version_not_newer: NEWER,
  package_too_large: PACKAGE,
  package_unreadable: PACKAGE,
  package_layout: PACKAGE,
  signature_missing: SIGN,
  signature_unreadable: SIGN,
  signature_invalid: SIGN,
  signature_kind: SIGN,
  certificate_time: SIGN,
  certificate_unfit: SIGN,
  certificate_chain: SIGN,
  certificate_foreign: CERTIFIED,
  certificate_identity: CERTIFIED,
  contract_invalid: CONTRACT,
  owner_differs: CONTRACT,
  unknown_purpose: CONTRACT,
  unfit_purpose: CONTRACT,
  unknown_category: CONTRACT,
  unknown_fact: CONTRACT,
  unfit_fact: CONTRACT,
  unfit_result: CONTRACT,
  unfit_outcomes: CONTRACT,
  circular_inputs: CONTRACT,
  model_unreadable: MODEL,
  model_too_large: MODEL,
  external_data: MODEL,
  custom_operator: MODEL,
  not_deterministic: MODEL,
  model_shape: MODEL,
  model_fails: MODEL,
  model_not_finite: MODEL,
  model_out_of_bounds: MODEL,
  vectors_invalid: MODEL,
  vectors_differ: MODEL,
  throttled: LATER,
  unavailable: LATER,
  server_error: 'Aurora failed. Try again later, and report it if it stays.',
  // OAuth.
  access_denied: 'The citizen said no. Go on without the data.',
  invalid_client: 'Aurora does not know this key, or the client is suspended. Look at kid, aud and clock, and at what is registered.',
  invalid_grant: 'The code was used or is older than 60 seconds, or the grant behind the refresh token has ended. Read events, then ask anew.',
  invalid_grant_id: 'Nothing stands in this grant any more, or it is another citizen\'s. Ask without it.',
  invalid_authorization_details: 'Purpose, categories or date are not what you are registered for. Look at the sentence.',
  invalid_target: 'The resource is not registered for your agency.',
  invalid_scope: REPORT,
  invalid_request: REPORT,
  unauthorized_client: REPORT,
  unsupported_grant_type: REPORT,
  unsupported_response_type: REPORT,
  unsupported_token_type: REPORT,
  insecure_transport: 'Call the https address.',
  temporarily_unavailable: LATER,
};
