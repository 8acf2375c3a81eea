import { join } from 'node:path'
import { defineConfig } from 'vitest/config'
import { missingServices } from './test/support/services.ts'

const present = missingServices().length === 0

// Every worker and every gateway process loads the same sources: compiled once, they load twice as fast.
process.env['NODE_COMPILE_CACHE'] ??= join(import.meta.dirname, 'node_modules/.cache/compile')

/** Suites that change nothing outside of themselves: they share their workers, and what these have loaded. */
const units = [
  'test/{dialects,gateway,lib,protocol,providers,recorded,rest,scripts,simulators}/**/*.test.ts',
  'test/graphql/!(requests|statements).test.ts',
]

/** Suites that need a real service; there is nothing to run of them on the embedded parts. */
const onlyReal = [
  'test/db/**/*.test.ts',
  'test/redis/**/*.test.ts',
  'test/services/retention-instances.test.ts',
  'test/behaviour/{affinity-instances,limits-instances,limits-outage,limits-redis,migrations,postgres-outage,redis-outage,revocation,webhooks-instances}.test.ts',
]

/** Suites that say something about the database: they run on both. */
const onBoth = [
  'test/behaviour/{admission,crash,ledger,responses-stored,rest-completion}.test.ts',
  'test/graphql/{requests,statements}.test.ts',
  'test/services/**/*.test.ts',
]

/** A gateway starts ten times faster on Postgres: where that is, the others run there alone. */
const ofEmbedded = ['test/behaviour/{limits-embedded,process}.test.ts']

/** Says that the real services are missing. */
const instead = 'test/services-missing.test.ts'

const all = 'test/**/*.test.ts'

const common = {
  // Tests run on Node's own module loader, as the product does: one instance of each package.
  experimental: { viteModuleRunner: false },
  testTimeout: 30_000,
  hookTimeout: 60_000,
  pool: 'forks',
} as const

export default defineConfig({
  test: {
    globalSetup: ['test/support/services.ts'],
    maxWorkers: 2,
    projects: [
      {
        test: {
          ...common,
          name: 'units',
          include: units,
          isolate: false,
          provide: { database: present ? 'postgres' : 'embedded' },
        },
      },
      {
        test: {
          ...common,
          name: 'embedded',
          include: present ? [...onBoth, ...ofEmbedded] : [all],
          exclude: [...units, ...onlyReal, instead],
          provide: { database: 'embedded' },
        },
      },
      {
        test: {
          ...common,
          name: 'services',
          include: present ? [all] : [instead],
          exclude: present ? [...units, ...ofEmbedded, instead] : units,
          provide: { database: 'postgres' },
        },
      },
    ],
  },
})
