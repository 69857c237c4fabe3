# Builds the executable, then an image that holds it, its few shared libraries and nothing else.
#   docker build -t llmrouter .
#   docker run -p 8080:8080 -v ./config:/data llmrouter
FROM node:20-bookworm-slim AS build
WORKDIR /src
COPY package.json package-lock.json .npmrc ./
COPY scripts/ensure.mjs scripts/
RUN npm ci --include=dev && node scripts/ensure.mjs
COPY . .
RUN npm run build

# The root of the final image: what the dynamic loader needs, an account without rights, and /data.
SHELL ["/bin/bash", "-o", "pipefail", "-c"]
RUN mkdir -p /data /image/{etc,tmp,usr/bin} \
  && ldd dist/llmrouter | grep -o '/lib[^ ]*' | xargs -I{} cp --parents --dereference {} /image \
  && cp dist/llmrouter /image/usr/bin/llmrouter \
  && echo 'llmrouter:x:65532:65532::/data:/sbin/nologin' > /image/etc/passwd \
  && echo 'llmrouter:x:65532:' > /image/etc/group \
  && echo 'hosts: files dns' > /image/etc/nsswitch.conf \
  && chmod 1777 /image/tmp

FROM scratch
COPY --from=build /image /
COPY --from=build --chown=65532:65532 /data /data
ENV HOST=0.0.0.0 PORT=8080 HOME=/data NODE_ENV=production
# The config is looked for here, and usage is kept here. The rest of the file system may be read-only.
WORKDIR /data
VOLUME /data
USER 65532:65532
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s --retries=3 CMD ["/usr/bin/llmrouter", "health"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["/usr/bin/llmrouter"]
