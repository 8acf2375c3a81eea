/** What a metric is: its name, what it says to people, and the labels that tell its series apart. */
export interface MetricSettings<Label extends string> {
  name: string
  help: string
  labelNames: readonly Label[]
}

/** One series of a counter; counting is `value += 1`, without looking anything up. */
export interface Count {
  value: number
}

/** A counter in Prometheus' text format, whose series are kept by whoever counts often. */
export class CounterFamily<Label extends string> {
  readonly #settings: MetricSettings<Label>
  readonly #series = new Map<string, Count>()

  constructor(settings: MetricSettings<Label>) {
    this.#settings = settings
  }

  /** The series with these labels; it is shown from now on. */
  with(labels: Readonly<Record<Label, string>>): Count {
    const key = labelText(this.#settings.labelNames, labels)
    let series = this.#series.get(key)
    if (!series) this.#series.set(key, (series = { value: 0 }))
    return series
  }

  text(): string {
    const { name } = this.#settings
    const lines = [...this.#series].map(([labels, { value }]) => `${name}{${labels}} ${value}\n`)
    return head(this.#settings, 'counter') + lines.join('')
  }
}

/** A histogram in Prometheus' text format. */
export class HistogramFamily<Label extends string> {
  readonly #settings: MetricSettings<Label>
  readonly #bounds: readonly number[]
  readonly #series = new Map<string, Observations>()

  /** `bounds` are the upper ends of its buckets, ascending. */
  constructor(settings: MetricSettings<Label>, bounds: readonly number[]) {
    this.#settings = settings
    this.#bounds = bounds
  }

  /** The series with these labels; it is shown from now on. */
  with(labels: Readonly<Record<Label, string>>): Observations {
    const key = labelText(this.#settings.labelNames, labels)
    let series = this.#series.get(key)
    if (!series) this.#series.set(key, (series = new Observations(this.#bounds)))
    return series
  }

  text(): string {
    const { name } = this.#settings
    const lines = [...this.#series].map(([labels, series]) => series.text(name, labels))
    return head(this.#settings, 'histogram') + lines.join('')
  }
}

/** One series of a histogram. */
export class Observations {
  readonly #bounds: readonly number[]
  /** How many values fell into each bucket alone; the last is for those above every bound. */
  readonly #counts: number[]
  #sum = 0

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds
    this.#counts = Array.from({ length: bounds.length + 1 }, () => 0)
  }

  observe(value: number): void {
    let bucket = 0
    while (bucket < this.#bounds.length && value > (this.#bounds[bucket] ?? 0)) bucket += 1
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1
    this.#sum += value
  }

  text(name: string, labels: string): string {
    let below = 0
    const lines = this.#counts.map((count, bucket) => {
      below += count
      const bound = this.#bounds[bucket] ?? '+Inf'
      return `${name}_bucket{le="${bound}",${labels}} ${below}\n`
    })
    return `${lines.join('')}${name}_sum{${labels}} ${this.#sum}\n${name}_count{${labels}} ${below}\n`
  }
}

function head({ name, help }: MetricSettings<string>, type: string): string {
  return `# HELP ${name} ${help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}\n# TYPE ${name} ${type}\n`
}

function labelText<Label extends string>(
  names: readonly Label[],
  labels: Readonly<Record<Label, string>>,
): string {
  return names.map((name) => `${name}="${escaped(labels[name])}"`).join(',')
}

function escaped(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"')
}
