// Aurora's notices: signed as Standard Webhooks 1.0 has it, with Ed25519 (`v1a`). No library is needed.
import { createPublicKey, verify } from 'node:crypto';
import { createServer } from 'node:http';

const TOLERANCE_SECONDS = 300;
const MOST_BYTES = 64 * 1024;

// Whether one of `keys` (`whpk_...`, from Aurora's `webhook_keys_uri`) signed exactly this, at most five minutes ago. `body`: the bytes as they came.
export function isSigned(headers, body, keys, now = Date.now() / 1000) {
  const { 'webhook-id': id, 'webhook-timestamp': at, 'webhook-signature': signatures } = headers;
  if (!id || !signatures || !/^[0-9]+$/.test(at ?? '') || Math.abs(Number(at) - now) > TOLERANCE_SECONDS) return false;
  const content = Buffer.concat([Buffer.from(`${id}.${at}.`), body]);
  return signatures.split(' ').some((signature) => {
    const [scheme, value = ''] = signature.split(',', 2);
    return scheme === 'v1a' && keys.some((key) => verify(null, content, publicKey(key), Buffer.from(value, 'base64')));
  });
}

function publicKey(text) {
  const x = Buffer.from(text.replace(/^whpk_/, ''), 'base64').toString('base64url');
  return createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
}

// Listens at the notices' address. `keysOf` fetches the published keys; `take(id, notice)` acts on one. The answer comes when it has been acted on:
// Aurora repeats what was not answered with 2xx, for three days.
export function listen(address, keysOf, take) {
  let keys = [];
  let fetched = 0;
  const known = async (headers, body) => {
    if (isSigned(headers, body, keys)) return true;
    // Unknown signature: perhaps the keys have changed. Asked at most once a minute, whoever knocks.
    if (Date.now() - fetched < 60_000) return false;
    keys = await keysOf();
    fetched = Date.now();
    return isSigned(headers, body, keys);
  };
  return serve(address, 'POST', async (request, response) => {
    const body = await read(request);
    if (!body || !(await known(request.headers, body))) return response.writeHead(400).end();
    await take(request.headers['webhook-id'], JSON.parse(body));
    return response.writeHead(204).end();
  });
}

// A small server for one path of this machine; resolves when it listens.
export function serve(address, method, answer) {
  const { hostname, port, pathname } = new URL(address);
  const server = createServer((request, response) => {
    if (request.method !== method || new URL(request.url, address).pathname !== pathname) return response.writeHead(404).end();
    return answer(request, response).catch((error) => {
      console.error(error.message);
      response.writeHead(500).end();
    });
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject).listen(Number(port), hostname, () => resolve(server));
  });
}

async function read(request) {
  const parts = [];
  let size = 0;
  for await (const part of request) {
    size += part.length;
    if (size > MOST_BYTES) return null;
    parts.push(part);
  }
  return Buffer.concat(parts);
}
