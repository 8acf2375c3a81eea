import { createClient } from 'graphql-ws'
import { startGateway } from '../support/gateway.ts'
const g = await startGateway('', {})
const page = await fetch(g.url + '/graphql', { headers: { accept: 'text/html' } })
console.log(page.status, page.headers.get('content-security-policy')?.slice(0, 90), page.headers.get('x-request-id'), (await page.text()).length)
console.log(JSON.stringify(await g.graphql('{ viewer { kind scopes } models { id } }')))
const r = await fetch(g.url + '/graphql', { method: 'POST', headers: { 'content-type': 'application/json', accept: 'text/event-stream', authorization: 'Bearer ' + g.adminKey }, body: JSON.stringify({ query: 'subscription { completion(input: {model: "demo/echo", messages: [{role: USER, content: "a b"}]}) { __typename sequence } }' }) })
console.log(r.status, Object.fromEntries(r.headers)); console.log(await r.text())
for (const [body, type] of [['{}', 'application/json'], ['null', 'application/json'], ['{bad', 'application/json'], ['a=b', 'application/x-www-form-urlencoded'], ['query', 'text/plain']]) {
  const x = await fetch(g.url + '/graphql', { method: 'POST', headers: { 'content-type': type!, authorization: 'Bearer ' + g.adminKey }, body: body! })
  console.log(body, x.status, await x.text())
}
const c = createClient({ url: g.url.replace('http', 'ws') + '/graphql', connectionParams: { authorization: 'Bearer ' + g.adminKey } })
for await (const m of c.iterate({ query: 'subscription { completion(input: {model: "demo/echo", messages: [{role: USER, content: "a b"}]}) { __typename ... on TextDelta { text } } }' })) console.log(JSON.stringify(m))
console.log(JSON.stringify(await g.graphql('{ requests { edges { node { id status provider attempts { number status } apiKey { name } } } } }')))
await c.dispose(); await g.stop(); process.exit(0)
