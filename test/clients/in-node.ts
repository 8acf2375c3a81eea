import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { behaviours } from './behaviours/all.ts'
import { createScene } from './scene.ts'
import { openTheatre, type Theatre } from './stage.ts'
import type { ClientFactory } from './typed-client.ts'

/** Tests every behaviour with a client in this process; to be called inside of `describe`. */
export function testBehaviours(
  create: ClientFactory,
  options: { chosen?: typeof behaviours; toml?: string } = {},
): void {
  let theatre: Theatre
  const warn = vi.spyOn(console, 'warn')
  const error = vi.spyOn(console, 'error')

  beforeAll(async () => {
    theatre = await openTheatre(options.toml)
  })
  afterAll(() => theatre.close())
  afterEach(() => vi.clearAllMocks())

  test.each(options.chosen ?? behaviours)('$name', async ({ run, expected }) => {
    const scene = createScene(create, theatre.endpoint, theatre.stage)
    expect(await run(scene)).toEqual(expected)
    expect([...warn.mock.calls, ...error.mock.calls]).toEqual([])
  })
}
