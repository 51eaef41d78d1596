// Runs each case that the module exports in a process of its own: an executor is set once, and a trap ends the module.
//   node --test cases.mjs         every case, of the module in the folder that MODULE names
//   node cases.mjs CASE           one case, in this process
import assert from 'node:assert'
import { spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const module = createRequire(import.meta.url)(`${process.env.MODULE}/finally_wasm.js`)
const [, , chosen] = process.argv

if (chosen) {
  // Node ends with the exit code 13 if this never settles.
  await module[chosen]()
} else {
  const cases = Object.keys(module).filter(name => name !== 'show_panics')
  assert.notEqual(cases.length, 0)
  for (const name of cases) {
    test(name, () => {
      const ended = spawnSync(process.execPath, [fileURLToPath(import.meta.url), name], { encoding: 'utf8', timeout: 60_000 })
      assert.equal(ended.status, 0, `${ended.signal ?? ended.status}\n${ended.stderr}${ended.stdout}`)
    })
  }
}
