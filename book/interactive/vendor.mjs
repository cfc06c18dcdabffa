/**
 * Makes `served/vendor/` from the packages of package.json: `npm ci && npm run vendor`.
 *
 * The results are kept in git, so that the book is built without Node and without
 * npm. TensorFlow.js comes in parts; this takes the core, its gradients and the
 * WebAssembly backend, which trains the playground's small nets several times as
 * fast as the plain JavaScript backend and needs no GPU.
 */
import {copyFileSync, mkdirSync, readFileSync, writeFileSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {build} from 'esbuild';

const here = dirname(fileURLToPath(import.meta.url));
const target = join(here, 'served', 'vendor');
const modules = join(here, 'node_modules');
mkdirSync(target, {recursive: true});

await build({
  stdin: {
    contents: `
      import '@tensorflow/tfjs-core/dist/register_all_gradients';
      export * from '@tensorflow/tfjs-core';
      export {setWasmPaths} from '@tensorflow/tfjs-backend-wasm';
    `,
    resolveDir: here,
  },
  bundle: true,
  minify: true,
  format: 'esm',
  target: 'es2020',
  external: ['crypto', 'fs', 'node-fetch', 'os', 'path', 'perf_hooks', 'util', 'worker_threads'],
  legalComments: 'none', // the licences lie beside the file
  outfile: join(target, 'tensorflow.js'),
});

const wasm = join(modules, '@tensorflow', 'tfjs-backend-wasm', 'dist');
for (const file of ['tfjs-backend-wasm.wasm', 'tfjs-backend-wasm-simd.wasm']) {
  copyFileSync(join(wasm, file), join(target, file));
}

const lit = readFileSync(join(modules, 'lit-html', 'lit-html.js'), 'utf8');
writeFileSync(join(target, 'lit-html.js'), lit.replace(/\n\/\/# sourceMappingURL=.*\n?/, '\n'));
copyFileSync(join(modules, 'lit-html', 'LICENSE'), join(target, 'lit-html.LICENSE.txt'));
