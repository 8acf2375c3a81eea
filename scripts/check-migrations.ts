import { execFileSync } from 'node:child_process'
import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Fails when the tables in src/db/schema and the migrations in drizzle/ say different things. */
const folder = mkdtempSync(join(tmpdir(), 'xrouter-migrations-'))
try {
  cpSync('drizzle', folder, { recursive: true })
  const before = readdirSync(folder).length
  const options = ['--dialect', 'postgresql', '--schema', './src/db/schema', '--out', folder]
  execFileSync('npx', ['--no-install', 'drizzle-kit', 'generate', ...options], { stdio: 'pipe' })
  if (readdirSync(folder).length > before) {
    console.error('The tables changed without a migration: run `npm run migrations`.')
    process.exitCode = 1
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}
