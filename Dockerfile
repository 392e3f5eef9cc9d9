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
# CUDA (TFJS_NODE_GPU below) needs no base image with NVIDIA's libraries: they come with TensorFlow's packages. An
# image with CUDA 12, such as nvidia/cuda:12.6.3-base-ubuntu24.04, works as well.
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
COPY bin bin
COPY src src
# Compiles the sources: the user that runs the program creates no files here.
RUN node bin/scifi.js --version

FROM tree AS gpu-tree
# TensorFlow on CUDA: 1 to install it, or nothing. x86-64 only; about five gigabytes, most of them NVIDIA's
# libraries.
ARG TFJS_NODE_GPU=
# A mirror of Python's package index.
ARG PIP_INDEX_URL=
ENV SCIFI_ENGINES=/opt/scifi-engines
RUN mkdir -p "$SCIFI_ENGINES" \
  && if [ -n "$TFJS_NODE_GPU" ]; then \
    apt-get update \
    && apt-get install -y --no-install-recommends g++ python3-pip \
    && node bin/scifi.js engine install cuda --without-gpu; \
  fi

FROM ${GPU_IMAGE} AS gpu
# Libraries that Dawn (the package `webgpu`) links and loads, and that NVIDIA's Vulkan driver loads. The
# driver comes from the host, through NVIDIA's container toolkit.
RUN apt-get update \
  && apt-get install -y --no-install-recommends libegl1 libstdc++6 libvulkan1 libxext6 \
  && rm -rf /var/lib/apt/lists/*
COPY --from=tree /usr/local/bin/node /usr/local/bin/node
COPY --from=gpu-tree /app /app
COPY --from=gpu-tree /opt/scifi-engines /opt/scifi-engines
WORKDIR /app
ENV SCIFI_ENGINES=/opt/scifi-engines
ARG TFJS_NODE_GPU=
# Tests it once more, with the libraries of this image: the results of the engine, and that CUDA's libraries
# load. The GPU itself is there only when a container runs.
RUN if [ -n "$TFJS_NODE_GPU" ]; then \
    node bin/scifi.js engine test cuda --on-processor; \
  fi
ENV NODE_ENV=production HOME=/tmp SCIFI_HEARTBEAT=/tmp/heartbeat \
  NVIDIA_DRIVER_CAPABILITIES=compute,graphics,utility
USER 10001:10001
# The check depends on the command: the page of `start` and `bots`, the heartbeat of `worker`.
HEALTHCHECK --interval=30s --timeout=10s --start-period=180s --retries=3 \
  CMD ["node", "--import", "tsx", "src/healthcheck.ts"]
ENTRYPOINT ["node", "bin/scifi.js"]
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
ENTRYPOINT ["node", "bin/scifi.js"]
CMD ["start"]
