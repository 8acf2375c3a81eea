import type { Behaviour } from '../scene.ts'
import { failures } from './failures.ts'
import { mutations } from './mutations.ts'
import { queries } from './queries.ts'
import { streams } from './streams.ts'

/** What every client does with a gateway, wherever it runs. */
export const behaviours: Behaviour[] = [...queries, ...mutations, ...streams, ...failures]
