import { startSimulatedProviders } from '../test/support/simulated-providers.ts'

/** Every simulated provider on loopback, for trying the gateway without an account. */
const simulated = await startSimulatedProviders()
console.log(`# The simulated providers run. Save this as xrouter.toml, then \`npm start\` elsewhere.
# End them with Ctrl+C.
${simulated.toml.trim().replaceAll(/^ +/gm, '')}`)

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void simulated.close().then(() => process.exit(0)))
}
