// `node ask.mjs FOLDER VERB`: tasks as JSON on standard input, answers as JSON on standard output. For conftest.py.
import { text } from 'node:stream/consumers';

const [folder, verb] = process.argv.slice(2);
const { check, checkProof } = await import(`${folder}/check.mjs`);
const { verifyByArithmetic, verify } = await import(`${folder}/ed25519.mjs`);
const { canonical } = await import(`${folder}/canonical.mjs`);
const { unhex } = await import(`${folder}/bytes.mjs`);

// `tiles` (path to hex) and `today` in the options stand for the public log; what is not there cannot be read.
function publicLog({ tiles, today, ...options }) {
  if (!tiles) return options;
  const tile = async (level, path) => {
    if (!(`${level}/${path}` in tiles)) throw new Error('not there');
    return unhex(tiles[`${level}/${path}`]);
  };
  return { ...options, tile, today: today === undefined ? null : async () => today ?? Promise.reject(new Error('not there')) };
}

const verbs = {
  check: ([bundle, options]) => check(bundle, publicLog(options)),
  proof: ([proof, keys]) => checkProof(proof, { keys }),
  ed25519: async ([key, signature, message]) => {
    const given = [key, signature, message].map((one) => unhex(one));
    return [await verify(...given), await verifyByArithmetic(...given)];
  },
  canonical: ([value]) => {
    try {
      return canonical(value);
    } catch (error) {
      return error.name;
    }
  },
};

const answers = [];
for (const task of JSON.parse(await text(process.stdin))) answers.push(await verbs[verb](task));
process.stdout.write(JSON.stringify(answers));
