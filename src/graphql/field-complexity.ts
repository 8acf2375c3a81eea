import { pageSizeDefault, pageSizeMax } from './page.ts'

/** The cost of a field that asks the database, where one that is at hand costs 1. */
export const queryComplexity = 10

/** The cost of a field that calls a model: the dearest thing that one operation can ask for. */
export const modelCallComplexity = 1000

/** The cost of a connection: its query, and what is selected once for each item of the page. */
export function pageComplexity({ first }: { first?: number | null | undefined }) {
  const size = Math.min(Math.max(first ?? pageSizeDefault, 1), pageSizeMax)
  return { field: queryComplexity, multiplier: size }
}
