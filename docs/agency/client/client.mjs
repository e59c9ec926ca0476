#!/usr/bin/env node
// The example's commands. `node client.mjs` lists them. Each prints JSON; a refusal prints its code and what to do, and ends with status 1.
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { exportJWK, generateKeyPair, importJWK } from 'jose';
import { advice } from './advice.mjs';
import { Agency, Problem, newKeys } from './agency.mjs';
import * as batches from './batches.mjs';
import { confirmAll } from './confirm.mjs';
import { change, load, obey, refuseToReplace, save } from './keep.mjs';
import { listen, serve } from './notices.mjs';

const USAGE = `node client.mjs COMMAND
  init METADATA_URL CLIENT_ID REDIRECT_URI [--notices URI] [--purpose CODE] [--category CODE ...]
                            make keys; prints what Aurora's operator registers
  init --demo DEMO_JSON     take the sandbox office's credentials
  ask CATEGORY ... [--until DATE] [--once] [--merge GRANT | --replace GRANT]
                            push a request, print where to send the citizen, wait until they are back
  back URL                  the address that the citizen came back to, if another program listens there
  read CATEGORY [GRANT]     read one category (GRANT: the newest, if not given)
  show [GRANT]              what stands in the grant, and what the token is good for
  refresh [GRANT]           a fresh access token
  report ACTION             report what was read since, and what it was used for
  push FILE                 as a source that pushes: send {"answers": [...]}
  concerns [CONCERN]        what citizens ask about your reads: the open cases, or one
  answer CONCERN lawful|mistake|later TEXT [WHY] [--until DATE]
                            answer one; WHY: on what ground, or what was done; later: by what day, once
  events                    read what has ended, delete, confirm
  listen                    take notices (webhooks), delete, confirm; until Ctrl-C
  end [GRANT]               give the grant back
  receipt FILE              check a receipt that a citizen handed in
State is in the file that AGENCY_FILE names (agency.json).`;

const EARLY_SECONDS = 10;
const OPTIONS = {
  demo: { type: 'string' }, notices: { type: 'string' }, purpose: { type: 'string' }, category: { type: 'string', multiple: true },
  until: { type: 'string' }, once: { type: 'boolean' }, merge: { type: 'string' }, replace: { type: 'string' },
};
const { options, command, given } = understood();

const print = (value) => console.log(JSON.stringify(value, null, 2));

const commands = {
  async init(metadataUrl, clientId, redirectUri) {
    refuseToReplace();
    const kept = options.demo ? fromDemo(options.demo) : await made(metadataUrl, clientId, redirectUri);
    const proof = await newKeys('ES256', true);
    save({ ...kept, dpop: [await exportJWK(proof.privateKey), await exportJWK(proof.publicKey)], waiting: {}, grants: {}, done: {}, after: null });
    print(options.demo ? { client_id: kept.client_id, redirect_uri: kept.redirect_uri } : registration(kept));
  },

  async ask(...categories) {
    const kept = load();
    const agency = await open(kept);
    const detail = { purpose: options.purpose ?? kept.purpose, categories, until: options.until ?? inDays(90), once: options.once ?? false };
    const named = options.merge ?? options.replace;
    const more = named ? { grant_management_action: options.merge ? 'merge' : 'replace', grant_id: named } : {};
    // First the server, then the request: the citizen must not come back to nobody.
    const { promise: back, resolve } = withResolvers();
    const server = await serve(kept.redirect_uri, 'GET', async (request, response) => {
      const address = new URL(request.url, kept.redirect_uri);
      const awaited = load().waiting[address.searchParams.get('state')];
      response.writeHead(awaited ? 200 : 400, { 'content-type': 'text/plain; charset=utf-8' });
      response.end(awaited ? 'Thank you. You may close this page.\n' : 'Nobody waits for this.\n');
      if (awaited) resolve(address.href);
    }).catch((error) => (error.code === 'EADDRINUSE' ? null : Promise.reject(error)));
    try {
      const { url, checks } = await agency.push(detail, more);
      change((now) => Object.assign(now.waiting, { [checks.expectedState]: checks }));
      print({ send_the_citizen_to: url, ...(server ? {} : { then: 'node client.mjs back "ADDRESS THAT THE CITIZEN CAME BACK TO"' }) });
      if (server) await redeem(agency, await back);
    } finally {
      server?.close();
      server?.closeAllConnections();
    }
  },

  async back(url) {
    await redeem(await open(load()), url);
  },

  async read(category, id) {
    const kept = load();
    const agency = await open(kept);
    const reading = await agency.read(await accessToken(agency, kept, id), category);
    change((now) => Object.assign(now.grants[grantId(now, id)].readings, { [category]: reading }));
    print(reading);
  },

  async show(id) {
    const kept = load();
    const agency = await open(kept);
    const token = await agency.own('grant_management_query');
    const grant = await agency.grant(token.access_token, grantId(kept, id));
    print({ grant_id: grantId(kept, id), grant, token: await agency.introspect(kept.grants[grantId(kept, id)].access_token) });
  },

  async refresh(id) {
    const kept = load();
    const { expires_at } = await refreshed(await open(kept), kept, grantId(kept, id));
    print({ grant_id: grantId(kept, id), expires_at });
  },

  // A batch is kept before it is sent, and sent until it is taken: Aurora knows it again by its id.
  async report(action) {
    print(await batches.report(open, action));
  },

  async push(file) {
    print(await batches.push(open, file));
  },

  async concerns(id) {
    const agency = await open(load());
    print(await agency.concerns((await agency.own('concerns')).access_token, id));
  },

  async answer(id, kind, text, why) {
    const agency = await open(load());
    const said = { kind, text, ...{ lawful: { ground: why }, mistake: { done: why }, later: { until: options.until } }[kind] };
    print(await agency.answer((await agency.own('concerns')).access_token, id, said));
  },

  // At least once: the place in the feed is kept after the events are.
  async events() {
    const agency = await open(load());
    const token = (await agency.own('events')).access_token;
    const seen = [];
    for (let more = true; more;) {
      const page = await agency.events(token, load().after);
      for (const { id, type, data } of page.events) {
        const { deleted } = obey(id, data);
        const { grant_id, concern_id, categories, asked = null } = data;
        seen.push(concern_id ? { id, type, concern_id } : { id, type, grant_id, categories, asked, deleted });
      }
      change((now) => Object.assign(now, { after: page.next }));
      more = page.more;
    }
    const { notTaken, failed } = await confirmAll(agency, token);
    print({ events: seen, ...(notTaken.length ? { not_taken: notTaken } : {}) });
    if (failed) throw failed;
  },

  async listen() {
    const kept = load();
    const agency = await open(kept);
    await listen(kept.notice_uri, () => agency.webhookKeys(), async (id, { type, data }) => {
      // A test from Aurora: it is about nobody and asks for nothing.
      if (type === 'ping') return print({ id, type });
      const { deleted } = obey(id, data);
      print(data.concern_id ? { id, type, concern_id: data.concern_id } : { id, type, grant_id: data.grant_id, deleted });
      // Not before Aurora has its answer, which says that the notice arrived. What fails now `events` does later.
      setImmediate(() => confirmSoon(agency).catch(tell));
    });
    print({ listening: kept.notice_uri });
  },

  async end(id) {
    const kept = load();
    const agency = await open(kept);
    const token = await agency.own('grant_management_revoke');
    await agency.endGrant(token.access_token, grantId(kept, id));
    // It is the agency's own doing: it deletes without being asked. The event of it is confirmed by `events`, as any other.
    change((now) => Object.assign(now.grants[grantId(now, id)], { readings: {} }));
    print({ ended: grantId(kept, id) });
  },

  async receipt(file) {
    print(await (await open(load())).receipt(readFileSync(file, 'utf8')));
  },
};

// Once more where nobody answered: of a connection that was kept while nothing was to do, the other side may just have let go.
async function confirmSoon(agency, again = true) {
  try {
    const token = await agency.own('events');
    const { notTaken, failed } = await confirmAll(agency, token.access_token);
    for (const one of notTaken) print({ not_taken: one });
    if (failed) throw failed;
  } catch (error) {
    if (!again || error instanceof Problem || error.status) throw error;
    await confirmSoon(agency, false);
  }
}

async function open({ server, client_id: clientId, private_jwk: jwk, redirect_uri: redirectUri, dpop: [privateKey, publicKey] }) {
  const dpopKeys = { privateKey: await importJWK(privateKey, 'ES256'), publicKey: await importJWK(publicKey, 'ES256', { extractable: true }) };
  return Agency.discover({ server, clientId, jwk, redirectUri, dpopKeys });
}

// The newest grant, or the one that is named.
function grantId(kept, id = Object.keys(kept.grants).at(-1)) {
  if (!kept.grants[id]) throw new Error('There is no such grant here: node client.mjs ask');
  return id;
}

// Each read once. An agency that works says when it used what for what: here it is now, and all for the same.
async function redeem(agency, address) {
  const { [new URL(address).searchParams.get('state')]: checks } = load().waiting;
  if (!checks) throw new Error('Nobody here waits for this answer: its state is unknown.');
  change((now) => delete now.waiting[checks.expectedState]); // whatever comes of it, a code is presented once
  const answer = await agency.redeem(address, checks);
  const tokens = keepTokens(answer.grant_id, answer);
  print({ grant_id: answer.grant_id, authorization_details: tokens.authorization_details, expires_at: tokens.expires_at });
}

function keepTokens(id, { access_token, refresh_token, expires_in, authorization_details }) {
  return change((now) => {
    const { readings, ...before } = now.grants[id] ?? { readings: {} };
    delete now.grants[id]; // to stand last again: the newest
    now.grants[id] = {
      access_token, refresh_token: refresh_token ?? before.refresh_token,
      expires_at: new Date(Date.now() + expires_in * 1000).toISOString(),
      authorization_details: authorization_details ?? before.authorization_details, readings,
    };
    return now.grants[id];
  });
}

async function refreshed(agency, kept, id) {
  return keepTokens(id, await agency.refresh(kept.grants[id].refresh_token));
}

// One that lives. After a withdrawal the old one is still worth presenting: the refusal says why, and the citizen sees that you asked.
async function accessToken(agency, kept, named) {
  const id = grantId(kept, named);
  const { access_token: token, refresh_token: renewable, expires_at: end } = kept.grants[id];
  if (!renewable || Date.parse(end) - EARLY_SECONDS * 1000 > Date.now()) return token;
  return (await refreshed(agency, kept, id)).access_token;
}

async function made(server, clientId, redirectUri) {
  const { privateKey } = await generateKeyPair('ES256', { extractable: true });
  return {
    server, client_id: clientId, redirect_uri: redirectUri, notice_uri: options.notices ?? '',
    purpose: options.purpose ?? 'benefit-application', categories: options.category ?? ['population.household', 'tax.income'],
    private_jwk: { ...(await exportJWK(privateKey)), kid: randomUUID(), alg: 'ES256', use: 'sig' },
  };
}

// As `manage.py register_client` reads it. The private member `d` stays here.
function registration({ client_id: id, redirect_uri, notice_uri, purpose, categories, private_jwk: { d, ...key } }) {
  const name = { fi: id, sv: id, en: id };
  return {
    client_id: id, reason: 'Trying Aurora out', agency: { code: id, name }, name, redirect_uris: [redirect_uri],
    ...(notice_uri ? { notice_uri } : {}), jwks: { keys: [key] }, purposes: [purpose], categories,
  };
}

function fromDemo(file) {
  const { base_url, agencies: [office] } = JSON.parse(readFileSync(file, 'utf8'));
  const { client_id, private_jwk, redirect_uris: [redirect_uri], purposes: [purpose], categories } = office;
  return { server: `${base_url}/.well-known/oauth-authorization-server`, client_id, redirect_uri, notice_uri: '', purpose, categories, private_jwk };
}

function inDays(days) {
  return new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);
}

function withResolvers() { // as Promise.withResolvers of Node 22
  let resolve;
  return { promise: new Promise((done) => { resolve = done; }), resolve };
}

// Aurora's code, or OAuth's, with what to do; anything else as it is.
async function tell(error) {
  // A refused client comes with a challenge (RFC 6749, 5.2), which the library shows and whose body it leaves to us.
  const body = error.response?.bodyUsed === false ? await error.response.json().catch(() => ({})) : error;
  const code = error instanceof Problem ? error.code : body.error ?? error.cause?.error;
  if (!code) return console.error(error.cause ? `${error.message}: ${error.cause.message ?? error.cause}` : error.message);
  const sentence = error instanceof Problem ? error.detail : body.error_description ?? error.cause?.error_description;
  return console.error(JSON.stringify({ refused: code, sentence, ledger_entry: error.ledgerEntry, what_to_do: advice[code] }, null, 2));
}

// What was typed; no command if something of it is unknown or missing.
function understood() {
  try {
    const { values, positionals: [name, ...rest] } = parseArgs({ allowPositionals: true, options: OPTIONS });
    const least = { init: values.demo ? 0 : 3, answer: 3, ask: 1, back: 1, read: 1, receipt: 1 }[name] ?? 0;
    return { options: values, command: rest.length < least ? null : name, given: rest };
  } catch (error) {
    console.error(error.message);
    return { options: {}, command: null, given: [] };
  }
}

if (!Object.hasOwn(commands, command ?? '')) {
  console.error(USAGE);
  process.exitCode = 2;
} else {
  await commands[command](...given).catch(async (error) => {
    process.exitCode = 1;
    await tell(error);
  });
}
