#!/bin/sh
# Builds sae-match from a source tree and installs what runs, and nothing else, below a prefix.
# Usage: install.sh SOURCE PREFIX. ONNXRUNTIME_NODE_INSTALL=cuda12 adds the CUDA provider; anything else leaves it out.
# The Dockerfiles run it, and so does `npm run check:infra`.
set -eu

source=$(cd "$1" && pwd)
prefix=$2
devices=${ONNXRUNTIME_NODE_INSTALL:-skip}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

if [ -n "$(ls -A "$prefix" 2>/dev/null || true)" ]; then
  echo "install.sh: $prefix is not empty" >&2
  exit 1
fi

# Build with everything, in a copy, so that the source tree is left as it is.
mkdir -p "$work/build" "$prefix/lib/sae-match" "$prefix/bin"
tar -C "$source" --exclude=./node_modules --exclude=./dist --exclude=./.cache --exclude=./.git -cf - . | tar -C "$work/build" -xf -
cd "$work/build"
ONNXRUNTIME_NODE_INSTALL=skip npm ci --include=dev --no-audit --no-fund --loglevel=error
npm run --silent build

# Install without what only building and testing need.
app=$prefix/lib/sae-match
cp package.json package-lock.json LICENSE NOTICE "$app/"
cp -R dist "$app/dist"
cd "$app"
ONNXRUNTIME_NODE_INSTALL=$devices npm ci --omit=dev --no-audit --no-fund --loglevel=error
find . \( -name '*.map' -o -name '*.d.ts' -o -name '.tsbuildinfo' \) -type f -delete
# Runtime libraries of other systems come with the same package.
find node_modules/onnxruntime-node/bin/napi-v6 -mindepth 1 -maxdepth 1 ! -name linux -exec rm -rf {} +
find node_modules/onnxruntime-node/bin/napi-v6/linux -mindepth 1 -maxdepth 1 ! -name "$(node -p process.arch)" -exec rm -rf {} +
find node_modules/@temporalio/core-bridge/releases -mindepth 1 -maxdepth 1 \
  ! -name "$(node -p '({x64:"x86_64",arm64:"aarch64"})[process.arch]')-unknown-linux-gnu" -exec rm -rf {} +

if [ "$devices" = cuda12 ] && [ ! -f node_modules/onnxruntime-node/bin/napi-v6/linux/x64/libonnxruntime_providers_cuda.so ]; then
  echo "install.sh: the CUDA provider was not installed" >&2
  exit 1
fi

ln -s ../lib/sae-match/dist/cli/main.js "$prefix/bin/sae-match"
chmod -R a+rX,go-w "$prefix"
