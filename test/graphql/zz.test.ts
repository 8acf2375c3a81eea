import postgres from 'postgres'
import { test } from 'vitest'
import { startDatabase } from '../support/gateway.ts'
test('x', async () => {
  const d = await startDatabase()
  const sql = postgres({ path: d.embedded.socketPath, username: 'postgres', database: 'postgres', max: 4 })
  await sql`create table t (id int, v text)`
  await sql`insert into t select g, 'v' || g from generate_series(1, 1000) g`
  let bad = 0
  for (let i = 1; i < 300; i++) {
    // a statement of its own each time: parsed and described first
    const [a, b, c] = await Promise.all([
      sql.unsafe(`select id, v from t where id in ($1) /* ${i} */`, [i], { prepare: true }),
      sql.unsafe(`select v from t where v in ($1) /* ${i} */`, ['v' + i], { prepare: true }),
      sql.unsafe(`select id from t where id in ($1, $2) /* ${i} */`, [i, i + 1], { prepare: true }),
    ])
    if (a.length !== 1 || a[0]?.['id'] !== i || b.length !== 1 || b[0]?.['v'] !== 'v' + i || c.length !== 2) { bad++; if (bad < 4) console.log(i, [...a], [...b], [...c]) }
  }
  console.log('bad', bad)
  await sql.end(); await d.stop()
})
