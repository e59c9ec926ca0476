// A key pair for a developer's own client, made by the browser. The private half stands in a field without a name: it is never sent.
const maker = document.querySelector('[data-key-maker]');

async function make() {
  const pair = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify']);
  const kid = `key-${[...crypto.getRandomValues(new Uint8Array(4))].map((byte) => byte.toString(16).padStart(2, '0')).join('')}`;
  const exported = async (key) => {
    const { kty, crv, x, y, d } = await crypto.subtle.exportKey('jwk', key);
    return { kty, crv, x, y, ...(d ? { d } : {}), kid, alg: 'ES256' };
  };
  document.getElementById('jwk').value = JSON.stringify(await exported(pair.publicKey), null, 1);
  const secret = document.getElementById('private-jwk');
  secret.value = JSON.stringify(await exported(pair.privateKey), null, 1);
  maker.querySelector('[data-made]').hidden = false;
  secret.focus();
}

// WebCrypto is there on https and on the machine itself only.
if (maker && globalThis.crypto?.subtle) {
  maker.hidden = false;
  maker.querySelector('[data-make]').addEventListener('click', make);
}
