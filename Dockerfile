# Two images of the same tree:
#
#   docker build .                 the page, the bots and the workers on the CPU
#   docker build --target gpu .    workers on a GPU, through its Vulkan driver
#
# `docker compose` builds both. Without arguments the image runs `npm start`, with the queue embedded in
# /data:
#
#   docker run --init --read-only --tmpfs /tmp -v scifi:/data -p 127.0.0.1:3000:3000 -e SCIFI_HOST=0.0.0.0 IMAGE
#
# The page then answers to localhost and to addresses; to a name only with -e SCIFI_ALLOWED_HOSTS=NAME.
#
# The images were not built with a container engine. test/dockerfile.test.ts checks this file, and the copied
# files were run in a separate folder, by a user with write access to /data and /tmp only.

ARG NODE_IMAGE=node:22.22.3-bookworm-slim
# CUDA, enabled with TFJS_NODE_GPU, also needs NVIDIA's libraries in the base image of `gpu`:
# nvidia/cuda:11.8.0-cudnn8-runtime-ubuntu22.04. Vulkan needs only the packages installed below.
ARG GPU_IMAGE=${NODE_IMAGE}

FROM ${NODE_IMAGE} AS tree
WORKDIR /app
COPY .npmrc package.json package-lock.json ./
# Removes unused files, more than half of the installed size: native code for other systems and processors,
# the TypeScript compiler (an optional peer of a package), and files that only development tools read.
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
# Mirrors, if storage.googleapis.com is unreachable: of libtensorflow (an address that ends in a slash,
# followed by tensorflow/libtensorflow/...), and of the binding (followed by napi-v8/...).
ARG TFJS_NODE_CDN_STORAGE=
ARG npm_config_tfjs_binding_binary_host_mirror=
# .npmrc disables install scripts; only this package needs its own.
RUN if [ -n "$TFJS_NODE_GPU" ]; then \
    npm install --no-save --omit=dev "@tensorflow/tfjs-node-gpu@$TFJS_NODE_GPU" \
    && npm rebuild --ignore-scripts=false --foreground-scripts @tensorflow/tfjs-node-gpu; \
  fi

FROM ${GPU_IMAGE} AS gpu
# Libraries that Dawn (the package `webgpu`) links and loads, and that NVIDIA's Vulkan driver loads. The
# driver comes from the host, through NVIDIA's container toolkit.
RUN apt-get update \
  && apt-get install -y --no-install-recommends libegl1 libstdc++6 libvulkan1 libxext6 \
  && rm -rf /var/lib/apt/lists/*
COPY --from=tree /usr/local/bin/node /usr/local/bin/node
COPY --from=gpu-tree /app /app
WORKDIR /app
ARG TFJS_NODE_GPU=
# An installation can report success without installing anything, and TensorFlow without CUDA's libraries
# silently uses the CPU.
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
# The check depends on the command: the page of `start` and `bots`, the heartbeat of `worker`.
HEALTHCHECK --interval=30s --timeout=10s --start-period=180s --retries=3 \
  CMD ["node", "--import", "tsx", "src/healthcheck.ts"]
ENTRYPOINT ["node", "--import", "tsx", "src/cli.ts"]
CMD ["worker"]

FROM tree AS app-tree
# The GPU runtime: this image has no GPU, and without one ONNX Runtime is the first engine.
RUN rm -rf node_modules/webgpu

FROM ${NODE_IMAGE} AS app
COPY --from=app-tree /app /app
WORKDIR /app
RUN install -d -o 10001 -g 10001 /data
ENV NODE_ENV=production HOME=/tmp SCIFI_DATA=/data SCIFI_HEARTBEAT=/tmp/heartbeat
USER 10001:10001
EXPOSE 3000
# The check depends on the command: the page of `start` and `bots`, the heartbeat of `worker`.
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s --retries=3 \
  CMD ["node", "--import", "tsx", "src/healthcheck.ts"]
ENTRYPOINT ["node", "--import", "tsx", "src/cli.ts"]
CMD ["start"]
