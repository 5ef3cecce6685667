// What SuperTokens once offered for Node and PostgreSQL, and express-session: the routes of the bench server.
// node server.js supertokens|express-session; PORT, DATABASE_URL. Two processes, for two cores.
const cluster = require('node:cluster')
const express = require('express')
const { Pool } = require('pg')

const data = user => ({ user, name: user, awesomeThings: ['programming', 'javascript', 'supertokens'] })

// Four connections in all, as everybody has.
const pool = () => new Pool({ connectionString: process.env.DATABASE_URL, max: 2 })

const peers = {
  async supertokens(app) {
    const sessions = require('supertokens-node-postgres-ref-jwt/express')
    await sessions.init(
      {
        postgres: { config: { user: 'sessions', database: 'unused: the pool is ours' } },
        tokens: { refreshToken: { renewTokenPath: '/refresh' } },
        cookie: { domain: '127.0.0.1', secure: false },
      },
      pool(),
    )
    app.post('/login', async (req, res) => {
      const { user, ...info } = data(req.body.user)
      await sessions.createNewSession(res, user, { name: user }, info)
      res.json({ status: 'OK' })
    })
    app.get('/me', async (req, res) => {
      await sessions.getSession(req, res, false)
      res.type('text').send('hello')
    })
  },

  async 'express-session'(app) {
    const session = require('express-session')
    const Store = require('connect-pg-simple')(session)
    const connections = pool()
    await connections.query(
      require('node:fs').readFileSync(require.resolve('connect-pg-simple/table.sql'), 'utf8'),
    ).catch(error => {
      // The other process was first.
      if (error.code !== '42P07') throw error
    })
    app.use(
      session({
        // A read stays a read: no new expiry for each request.
        store: new Store({ pool: connections, disableTouch: true }),
        secret: 'correct horse battery staple',
        resave: false,
        saveUninitialized: false,
        cookie: { maxAge: 14 * 24 * 3600 * 1000 },
      }),
    )
    app.post('/login', (req, res) => {
      req.session.data = data(req.body.user)
      res.json({ status: 'OK' })
    })
    app.get('/me', (req, res) => {
      if (!req.session.data) return res.status(401).end()
      res.type('text').send('hello')
    })
  },
}

async function worker() {
  const app = express()
  app.disable('x-powered-by')
  app.get('/open', (_req, res) => res.type('text').send('hello'))
  app.use(express.json())
  await peers[process.argv[2]](app)
  process.once('message', () => app.listen(Number(process.env.PORT), '127.0.0.1'))
  process.send('ready')
}

// One after the other, since each makes the tables; both listen before anybody connects.
function primary() {
  const first = cluster.fork()
  first.once('message', () => {
    const second = cluster.fork()
    second.once('message', () => [second, first].forEach(worker => worker.send('listen')))
  })
  cluster.on('exit', () => process.exit(1))
}

if (cluster.isPrimary) primary()
else
  worker().catch(error => {
    console.error(error)
    process.exit(1)
  })
