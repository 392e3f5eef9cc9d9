# Two images of the same tree:
#
#   docker build .                 the page, the bots and the workers on the CPU
#   docker build --target gpu .    workers with a card, through its Vulkan driver
#
# `docker compose` builds both. Without arguments the image is `npm start`, its queue embedded in /data:
#
#   docker run --init --read-only --tmpfs /tmp -v scifi:/data -p 127.0.0.1:3000:3000 -e SCIFI_HOST=0.0.0.0 IMAGE
#
# The page then answers to localhost and to addresses; to a name only when -e SCIFI_ALLOWED_HOSTS=NAME says so.
#
# No container engine ran where this was written: test/dockerfile.test.ts holds what this file says,
# and what is copied here was run as a folder of its own, by a user who could write to /data and /tmp only.

ARG NODE_IMAGE=node:22.22.3-bookworm-slim
# CUDA, asked for with TFJS_NODE_GPU, also needs NVIDIA's libraries in the image that `gpu` is built on:
# nvidia/cuda:11.8.0-cudnn8-runtime-ubuntu22.04. Vulkan needs nothing but what is installed below.
ARG GPU_IMAGE=${NODE_IMAGE}

FROM ${NODE_IMAGE} AS tree
WORKDIR /app
COPY .npmrc package.json package-lock.json ./
# No use here, and more than half of what is installed: native code for other systems and processors, the compiler of
# TypeScript (a package names it as one that it can use), and what only developers' tools read.
RUN npm ci --omit=dev \
  && cpu="$(node -p process.arch)" \
  && rm -rf node_modules/onnxruntime-node/bin/napi-v*/darwin node_modules/onnxruntime-node/bin/napi-v*/win32 \
    node_modules/typescript node_modules/@typescript \
  && find node_modules/onnxruntime-node/bin/napi-v*/linux -mindepth 1 -maxdepth 1 ! -name "$cpu" -exec rm -rf {} + \
  && find node_modules/webgpu/dist -mindepth 1 -maxdepth 1 -type d ! -name "linux-$cpu" -exec rm -rf {} + \
  && find node_modules -type f '(' -name '*.map' -o -name '*.d.ts' -o -name '*.d.mts' -o -name '*.d.cts' ')' -delete
COPY LICENSE tsconfig.json ./
COPY models models
COPY src src

FROM tree AS gpu-tree
# TensorFlow.js on CUDA: a version such as 4.22.0, or nothing. x86-64 only, half a gigabyte.
ARG TFJS_NODE_GPU=
# Mirrors, for where storage.googleapis.com cannot be reached: of libtensorflow (an address that ends in a
# slash, followed by tensorflow/libtensorflow/...), and of the binding (followed by napi-v8/...).
ARG TFJS_NODE_CDN_STORAGE=
ARG npm_config_tfjs_binding_binary_host_mirror=
# .npmrc keeps install scripts from running; this package's own has to, and no other.
RUN if [ -n "$TFJS_NODE_GPU" ]; then \
    npm install --no-save --omit=dev "@tensorflow/tfjs-node-gpu@$TFJS_NODE_GPU" \
    && npm rebuild --ignore-scripts=false --foreground-scripts @tensorflow/tfjs-node-gpu; \
  fi

FROM ${GPU_IMAGE} AS gpu
# What Dawn (the package `webgpu`) links and loads, and what NVIDIA's Vulkan driver loads. The driver itself
# comes from the host, through NVIDIA's container toolkit.
RUN apt-get update \
  && apt-get install -y --no-install-recommends libegl1 libstdc++6 libvulkan1 libxext6 \
  && rm -rf /var/lib/apt/lists/*
COPY --from=tree /usr/local/bin/node /usr/local/bin/node
COPY --from=gpu-tree /app /app
WORKDIR /app
ARG TFJS_NODE_GPU=
# An installation can report success having installed nothing, and TensorFlow without CUDA's libraries would
# silently use the CPU.
RUN if [ -n "$TFJS_NODE_GPU" ]; then \
    node -e "require('@tensorflow/tfjs-node-gpu')" || exit 1; \
    for library in libcudart.so.11.0 libcublas.so.11 libcudnn.so.8; do \
      ldconfig -p | grep -q "$library" \
      || { echo "$library is missing: set GPU_IMAGE to an image with CUDA 11 and cuDNN 8."; exit 1; }; \
    done; \
  fi
ENV NODE_ENV=production HOME=/tmp SCIFI_HEARTBEAT=/tmp/heartbeat \
  NVIDIA_DRIVER_CAPABILITIES=compute,graphics,utility
USER 10001:10001
# What it looks at depends on the command: the page of `start` and `bots`, the heartbeat of `worker`.
HEALTHCHECK --interval=30s --timeout=10s --start-period=180s --retries=3 \
  CMD ["node", "--import", "tsx", "src/healthcheck.ts"]
ENTRYPOINT ["node", "--import", "tsx", "src/cli.ts"]
CMD ["worker"]

FROM tree AS app-tree
# What drives a card: there is none, and ONNX Runtime is first where there is none.
RUN rm -rf node_modules/webgpu

FROM ${NODE_IMAGE} AS app
COPY --from=app-tree /app /app
WORKDIR /app
RUN install -d -o 10001 -g 10001 /data
ENV NODE_ENV=production HOME=/tmp SCIFI_DATA=/data SCIFI_HEARTBEAT=/tmp/heartbeat
USER 10001:10001
EXPOSE 3000
# What it looks at depends on the command: the page of `start` and `bots`, the heartbeat of `worker`.
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s --retries=3 \
  CMD ["node", "--import", "tsx", "src/healthcheck.ts"]
ENTRYPOINT ["node", "--import", "tsx", "src/cli.ts"]
CMD ["start"]
