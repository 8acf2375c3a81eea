type Point = readonly [x: number, y: number]

/** A straight line through points, by least squares. */
export interface Trend {
  /** Of y for one of x. */
  slope: number
  /** Two standard errors of the slope. */
  within: number
  /** Three quarters of all pairs of points rise faster: one that lies far off does not move it. */
  surely: number
}

export function trendOf(points: readonly Point[]): Trend {
  const count = points.length
  const mean = (values: number[]): number => values.reduce((sum, each) => sum + each, 0) / count
  const meanX = mean(points.map(([x]) => x))
  const meanY = mean(points.map(([, y]) => y))
  const spread = points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0)
  const slope = points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0) / spread
  const residual = points.reduce((sum, [x, y]) => sum + (y - meanY - slope * (x - meanX)) ** 2, 0)
  const within = 2 * Math.sqrt(residual / Math.max(1, count - 2) / spread)
  return { slope, within, surely: lowerQuartile(pairSlopes(points)) }
}

function pairSlopes(points: readonly Point[]): number[] {
  return points.flatMap(([x, y], index) =>
    points.slice(index + 1).map(([laterX, laterY]) => (laterY - y) / (laterX - x)),
  )
}

function lowerQuartile(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 4)] ?? 0
}
