import { connect } from 'node:net'
import { WebSocket } from 'ws'
import { faultOfBody } from './answer.ts'

const answerMsMax = 30_000

/** Closings that blame the client: the protocol's own words, and those of WebSockets. */
const closings: ReadonlySet<number> = new Set([
  1000, 1001, 1002, 1003, 1005, 1007, 1009, 4400, 4401, 4403, 4406, 4408, 4409, 4429,
])

/** What is wrong with what a WebSocket brings after these frames; it must answer a ping, or close. */
export function faultOfFrames(
  url: string,
  { key, frames }: { key: string | undefined; frames: readonly (string | Buffer)[] },
): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`${url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws')
    let fault: string | undefined
    const end = (): void => {
      clearTimeout(watch)
      socket.terminate()
      resolve(fault)
    }
    const watch = setTimeout(() => {
      fault = 'neither a pong nor a close in time'
      end()
    }, answerMsMax)
    const write = (): void => {
      for (const frame of frames) socket.send(frame)
      socket.send(JSON.stringify({ type: 'ping', payload: { last: true } }))
    }
    socket.on('open', () => {
      if (key === undefined) return write()
      socket.send(
        JSON.stringify({ type: 'connection_init', payload: { authorization: `Bearer ${key}` } }),
      )
    })
    socket.on('message', (data: Buffer) => {
      const message = JSON.parse(data.toString())
      if (message.type === 'connection_ack' && key !== undefined) write()
      if (message.type === 'next') fault ??= faultOfBody(message.payload)
      if (message.type === 'error') fault ??= faultOfBody({ errors: message.payload })
      if (message.type === 'pong' && message.payload?.last === true) end()
    })
    socket.on('close', (code) => {
      if (!closings.has(code)) fault ??= `closed with ${code}`
      end()
    })
    socket.on('error', (error: Error & { code?: string }) => {
      if (error.code !== 'EPIPE' && error.code !== 'ECONNRESET') reject(error)
    })
  })
}

/** What is wrong with the answer to bytes that are perhaps no HTTP: none, or one that blames the client. */
export function faultOfBytes(url: string, bytes: Buffer): Promise<string | undefined> {
  return new Promise((resolve) => {
    const { hostname: host, port } = new URL(url)
    const socket = connect({ host, port: Number(port), allowHalfOpen: true })
    const chunks: Buffer[] = []
    let isLate = false
    const watch = setTimeout(() => {
      isLate = true
      socket.destroy()
    }, answerMsMax)
    socket.on('data', (chunk: Buffer) => chunks.push(chunk))
    socket.on('end', () => socket.destroy())
    socket.on('error', () => socket.destroy())
    socket.on('close', () => {
      clearTimeout(watch)
      const text = Buffer.concat(chunks).toString()
      const [, status] = /^HTTP\/1\.1 (\d{3}) /.exec(text) ?? []
      if (isLate) resolve('the connection stayed open')
      else if (text === '' || (status !== undefined && Number(status) < 500)) resolve(undefined)
      else resolve(`answered ${text.slice(0, 300)}`)
    })
    socket.on('connect', () => socket.end(bytes))
  })
}
