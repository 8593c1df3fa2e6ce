# The service as an image. The version of Node is that of package.json's optional node-linux packages, which are for machines without one.
FROM node:24.21.0-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --omit=optional --ignore-scripts

FROM node:24.21.0-slim AS page
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# Its compilers are optional packages, one for each machine.
RUN npm ci --ignore-scripts
COPY vite.config.ts tsconfig.json ./
COPY src src
RUN npm run build:web

FROM node:24.21.0-slim
# In a container 0.0.0.0 is what a port can be published from. Each request needs a key, and the start is refused before there is one: make it
# with `docker run --rm --volume oms:/data … keys create --name me --role admin`, or mount a secret and name it in OMS_ADMIN_KEY_FILE.
ENV NODE_ENV=production NODE_COMPILE_CACHE=/tmp/compile OMS_HOST=0.0.0.0 OMS_AUTH=required OMS_DATA_DIR=/data
WORKDIR /app
COPY --from=dependencies /app/node_modules node_modules
COPY package.json LICENSE sample_catalog.csv sample_orders.csv sample_stock.csv ./
COPY bin bin
COPY src src
COPY --from=page /app/dist dist
# For the engines that need no others: a volume keeps it.
RUN mkdir /data && chown node:node /data
USER node
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
  CMD ["node", "-e", "require(process.env.OMS_TLS_CERT ? 'https' : 'http').get({ port: process.env.OMS_HEALTH_PORT || process.env.OMS_PORT || 8080, path: '/healthz', rejectUnauthorized: false }, (r) => process.exit(r.statusCode === 200 ? 0 : 1)).on('error', () => process.exit(1))"]
# bin/oms replaces its shell with node, so that signals arrive.
ENTRYPOINT ["/app/bin/oms"]
CMD ["start"]
