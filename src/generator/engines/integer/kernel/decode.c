// Decodes: every row reads an id and draws the next one, step by step. Compiled once for each vector width.
//
// Threads share a decode in one of two ways. Either each takes rows and does all their steps, without waiting
// for another; or all work on all rows, each on its part of every layer's units, and wait for each other after
// every layer, which is faster for a few rows.
#include "draw.h"
#include "gates.h"
#include "kernel.h"
#include "layout.h"
#include "vectors.h"

#ifdef __wasm__
#define VARIANT(name) name
#define EXPORT(name) __attribute__((export_name(#name)))
#else
#define EXPORT(name)
#endif
#define AT(type, offset) ((type *)(memory + (offset)))
// Rounds of polling before a waiting thread returns to its caller: about 30 microseconds.
#define SPIN_ROUNDS 2000
#define MAX_TILE 6

// Adds the products of weights and inputs to sums, for a tile of rows and some gates of a block of units. Few
// sums are spread over several chains, because each waits for its last addition.
INLINE void add_products(const int rows, const int gates, Ints sums[][4], const int8_t *weights, uint32_t groups,
                         const uint8_t *const *inputs) {
  const int chains = 8 / (rows * gates) < 1 ? 1 : 8 / (rows * gates) > 4 ? 4 : 8 / (rows * gates);
  Ints parts[8][MAX_TILE][4];
  UNROLL for (int row = 0; row < rows; row++) UNROLL for (int gate = 0; gate < gates; gate++) {
    parts[0][row][gate] = sums[row][gate];
    UNROLL for (int chain = 1; chain < chains; chain++) parts[chain][row][gate] = zero_ints();
  }
  for (uint32_t group = 0; group < groups; group += chains) {
    UNROLL for (int chain = 0; chain < chains; chain++) {
      Ints these[4];
      UNROLL for (int gate = 0; gate < gates; gate++) these[gate] = load_ints(weights + gate * LANES * 4);
      UNROLL for (int row = 0; row < rows; row++) {
        const Ints input = splat_four_bytes(inputs[row] + 4 * (group + chain));
        UNROLL for (int gate = 0; gate < gates; gate++) {
          parts[chain][row][gate] = add_dot(parts[chain][row][gate], these[gate], input);
        }
      }
      weights += gates * LANES * 4;
    }
  }
  UNROLL for (int row = 0; row < rows; row++) UNROLL for (int gate = 0; gate < gates; gate++) {
    UNROLL for (int chain = 1; chain < chains; chain++) {
      parts[0][row][gate] = add_ints(parts[0][row][gate], parts[chain][row][gate]);
    }
    sums[row][gate] = parts[0][row][gate];
  }
}

// The rows of a decode that one call works on, in one step.
typedef struct {
  uint8_t *memory;
  const Network *network;
  const Job *job;
  uint32_t first, end;  // rows
  uint32_t step;
} Step;

INLINE uint8_t *hidden_of(const Step *at, const Layer *layer, uint32_t row, int is_after) {
  uint8_t *memory = at->memory;
  const uint32_t slot = AT(int32_t, at->job->slots)[row];
  const uint32_t half = (AT(int32_t, at->job->parities)[row] ^ at->step ^ is_after) & 1;
  return AT(uint8_t, layer->hidden) + (2 * slot + half) * layer->units;
}

INLINE void find_inputs(const int rows, const uint8_t **inputs, const Step *at, const Layer *layer, uint32_t row,
                        int is_after) {
  UNROLL for (int i = 0; i < rows; i++) inputs[i] = hidden_of(at, layer, row + i, is_after);
}

INLINE uint32_t id_at(const Step *at, uint32_t row) {
  uint8_t *memory = at->memory;
  const Job *job = at->job;
  const uint32_t place = row * job->steps + at->step;
  const int is_fed = at->step < (uint32_t)AT(int32_t, job->feed_counts)[row];
  return is_fed ? AT(int32_t, job->feeds)[place] : AT(int32_t, job->drawn)[place - 1];
}

// One block of units of a layer, for a tile of rows.
INLINE void layer_tile(const int rows, const Step *at, uint32_t index, uint32_t block, uint32_t row) {
  uint8_t *memory = at->memory;
  const Layer *layers = AT(Layer, at->network->layers);
  const Layer *layer = layers + index;
  const uint32_t units = layer->units;
  const int has_input = layer->first_input < index;
  const uint32_t input_groups = has_input ? layers[index - 1].units / 4 : 0;
  const uint32_t groups = input_groups + units / 4;
  const int8_t *weights = AT(int8_t, layer->weights) + (uint64_t)block * groups * 16 * LANES;
  const int32_t *corrections = AT(int32_t, layer->corrections) + block * 4 * LANES;
  Ints gates[MAX_TILE][4];
  const uint8_t *inputs[MAX_TILE];
  for (int gate = 0; gate < 4; gate += GATES) {
    Ints sums[MAX_TILE][4];
    UNROLL for (int r = 0; r < rows; r++) UNROLL for (int g = 0; g < GATES; g++) {
      sums[r][g] = load_ints(corrections + (gate + g) * LANES);
    }
    for (uint32_t input = layer->first_input; input < index; input++) {
      find_inputs(rows, inputs, at, layers + input, row, 1);
      add_products(rows, GATES, sums, weights, input_groups, inputs);
    }
    find_inputs(rows, inputs, at, layer, row, 0);
    add_products(rows, GATES, sums, weights + input_groups * GATES * LANES * 4, units / 4, inputs);
    UNROLL for (int r = 0; r < rows; r++) UNROLL for (int g = 0; g < GATES; g++) gates[r][gate + g] = sums[r][g];
    weights += groups * GATES * LANES * 4;
  }
  const float *scales = AT(float, layer->scales) + block * 4 * LANES;
  const float *terms = AT(float, layer->terms) + block * 4 * LANES;
  for (int r = 0; r < rows; r++) {
    const float *term = has_input ? terms : terms + (uint64_t)id_at(at, row + r) * 4 * units;
    Floats z[4];
    UNROLL for (int g = 0; g < 4; g++) {
      z[g] = add(multiply(to_floats(gates[r][g]), load_floats(scales + g * LANES)), load_floats(term + g * LANES));
    }
    const uint32_t slot = AT(int32_t, at->job->slots)[row + r];
    float *cells = AT(float, layer->cells) + (uint64_t)slot * units + block * LANES;
    update_cells(z[0], z[1], z[2], z[3], cells, hidden_of(at, layer, row + r, 1) + block * LANES);
  }
}

// One block of outputs, for a tile of rows. The index is not used: all tiles have the same parameters.
INLINE void output_tile(const int rows, const Step *at, uint32_t index, uint32_t block, uint32_t row) {
  (void)index;
  uint8_t *memory = at->memory;
  const Network *network = at->network;
  const Layer *layers = AT(Layer, network->layers);
  const uint32_t groups = layers[network->layer_count - 1].units / 4;
  const int8_t *weights = AT(int8_t, network->output_weights) + (uint64_t)block * groups * 4 * LANES;
  Ints sums[MAX_TILE][4];
  UNROLL for (int r = 0; r < rows; r++) {
    sums[r][0] = load_ints(AT(int32_t, network->output_corrections) + block * LANES);
  }
  for (uint32_t input = network->output_input; input < network->layer_count; input++) {
    const uint8_t *inputs[MAX_TILE];
    find_inputs(rows, inputs, at, layers + input, row, 1);
    add_products(rows, 1, sums, weights, groups, inputs);
  }
  const Floats scale = load_floats(AT(float, network->output_scales) + block * LANES);
  const Floats bias = load_floats(AT(float, network->output_biases) + block * LANES);
  for (int r = 0; r < rows; r++) {
    const uint32_t slot = AT(int32_t, at->job->slots)[row + r];
    float *logits = AT(float, network->logits) + (uint64_t)slot * network->outputs + block * LANES;
    store_floats(logits, add(multiply(to_floats(sums[r][0]), scale), bias));
  }
}

// Tiles of constant size, so that a tile's sums stay in registers.
#define FOR_TILES(tile, index, block)                                                                          \
  uint32_t row = at->first;                                                                                    \
  for (; row + TILE_ROWS <= at->end; row += TILE_ROWS) tile(TILE_ROWS, at, index, block, row);                 \
  if (TILE_ROWS > 4 && row + 4 <= at->end) tile(4, at, index, block, row), row += 4;                           \
  if (row + 2 <= at->end) tile(2, at, index, block, row), row += 2;                                            \
  for (; row < at->end; row++) tile(1, at, index, block, row);

static void run_layer(const Step *at, uint32_t index, uint32_t first_block, uint32_t end_block) {
  for (uint32_t block = first_block; block < end_block; block++) {
    FOR_TILES(layer_tile, index, block)
  }
}

static void run_outputs(const Step *at, uint32_t first_block, uint32_t end_block) {
  for (uint32_t block = first_block; block < end_block; block++) {
    FOR_TILES(output_tile, 0, block)
  }
}

static void run_draws(const Step *at, Sync *sync, double *weights) {
  uint8_t *memory = at->memory;
  const Job *job = at->job;
  const Network *network = at->network;
  if (!job->draws) return;
  for (uint32_t row = at->first; row < at->end; row++) {
    if (at->step + 1 < (uint32_t)AT(int32_t, job->feed_counts)[row]) continue;
    const uint32_t place = row * job->steps + at->step;
    const uint32_t slot = AT(int32_t, job->slots)[row];
    const int is_inside = AT(uint8_t, network->inside)[id_at(at, row)];
    const double temperature = AT(double, is_inside ? job->temperatures : job->word_temperatures)[row];
    const Offset allowed = AT(uint32_t, job->allowed)[place];
    const float *logits = AT(float, network->logits) + (uint64_t)slot * network->outputs;
    double sum;
    const int32_t id = draw(logits, network->vocabulary, temperature, AT(double, job->uniforms)[place],
                            allowed ? memory + allowed : 0, AT(double, job->log_min_ps)[row], weights, &sum);
    if (id < 0) __atomic_store_n(&sync->is_broken, 1, __ATOMIC_RELAXED);
    AT(int32_t, job->drawn)[place] = id < 0 ? 0 : id;
    if (id >= 0 && AT(int32_t, job->asks)[row]) {
      list_likeliest(weights, network->vocabulary, sum, id, AT(int32_t, job->likeliest) + place * LIKELIEST,
                     AT(float, job->probabilities) + place * (1 + LIKELIEST));
    }
  }
}

// All steps of as many rows as are left, some at a time.
static int32_t decode_rows(Step *at, Sync *sync, double *weights) {
  const Job *job = at->job;
  uint8_t *memory = at->memory;
  const Layer *layers = AT(Layer, at->network->layers);
  for (;;) {
    at->first = __atomic_fetch_add(&sync->next_rows, (int32_t)job->rows_each, __ATOMIC_RELAXED);
    if (at->first >= job->rows) return DECODE_ENDED;
    at->end = at->first + job->rows_each < job->rows ? at->first + job->rows_each : job->rows;
    for (at->step = 0; at->step < job->steps; at->step++) {
      for (uint32_t index = 0; index < at->network->layer_count; index++) {
        run_layer(at, index, 0, layers[index].units / LANES);
      }
      run_outputs(at, 0, at->network->outputs / LANES);
      run_draws(at, sync, weights);
    }
  }
}

INLINE void pause_processor(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

// Whether the barrier at which the thread waits is passed, soon at the latest.
static int is_barrier_passed(const ThreadState *state, Sync *sync) {
  for (int round = 0; round < SPIN_ROUNDS; round++) {
    if (__atomic_load_n(&sync->phase, __ATOMIC_ACQUIRE) != state->phase) return 1;
    pause_processor();
  }
  return 0;
}

// The last thread that arrives opens the barrier. If another has waited long, then a thread has lost its
// processor, and may lose it again: the one that waited goes on alone.
static void arrive(ThreadState *state, Sync *sync, int32_t threads) {
  state->phase = __atomic_load_n(&sync->phase, __ATOMIC_RELAXED);
  if (__atomic_add_fetch(&sync->arrived, 1, __ATOMIC_ACQ_REL) < threads) {
    state->is_waiting = 1;
    return;
  }
  __atomic_store_n(&sync->arrived, 0, __ATOMIC_RELAXED);
  sync->sole_thread = __atomic_load_n(&sync->impatient, __ATOMIC_RELAXED);
  __atomic_store_n(&sync->phase, state->phase + 1, __ATOMIC_RELEASE);
}

// This thread's part of all steps of all rows. Returns while it waits long for another thread, and continues
// when it is called again.
static int32_t decode_units(Step *at, Sync *sync, uint32_t thread, double *weights) {
  const Job *job = at->job;
  uint8_t *memory = at->memory;
  const Layer *layers = AT(Layer, at->network->layers);
  ThreadState *state = AT(ThreadState, job->states) + thread;
  const int32_t outputs_stage = at->network->layer_count;
  uint32_t threads = job->threads;
  for (;;) {
    if (state->is_waiting && !is_barrier_passed(state, sync)) {
      __atomic_store_n(&sync->impatient, thread + 1, __ATOMIC_RELAXED);
      return DECODE_WAITS;
    }
    state->is_waiting = 0;
    if ((uint32_t)state->step == job->steps) return DECODE_ENDED;
    if (threads > 1 && sync->sole_thread > 0) {
      if (sync->sole_thread != (int32_t)thread + 1) return DECODE_ENDED;
      thread = 0;
      threads = 1;
    }
    at->step = state->step;
    at->first = 0;
    at->end = job->rows;
    if (state->stage < outputs_stage) {
      const uint32_t blocks = layers[state->stage].units / LANES;
      run_layer(at, state->stage, blocks * thread / threads, blocks * (thread + 1) / threads);
    } else if (state->stage == outputs_stage) {
      const uint32_t blocks = at->network->outputs / LANES;
      run_outputs(at, blocks * thread / threads, blocks * (thread + 1) / threads);
    } else {
      at->first = job->rows * thread / threads;
      at->end = job->rows * (thread + 1) / threads;
      run_draws(at, sync, weights);
    }
    state->stage++;
    if (state->stage > outputs_stage + 1) {
      state->stage = 0;
      state->step++;
    }
    if (threads > 1) arrive(state, sync, threads);
  }
}

// Does a thread's share of a decode. Returns DECODE_WAITS when it is to be called again.
EXPORT(decode) int32_t VARIANT(decode)(uint8_t *memory, Offset network, Offset job_at, uint32_t thread) {
  const Job *job = AT(Job, job_at);
  Sync *sync = AT(Sync, job->sync);
  Step at = {memory, AT(Network, network), job, 0, 0, 0};
  double *weights = AT(double, job->scratch) + (uint64_t)thread * at.network->outputs;
  return job->rows_each > 0 ? decode_rows(&at, sync, weights) : decode_units(&at, sync, thread, weights);
}

#ifdef __wasm__
EXPORT(lanes) int32_t lanes(void) { return LANES; }
EXPORT(gates) int32_t gates(void) { return GATES; }
#else
const Kernel VARIANT(kernel) = {VARIANT_NAME, LANES, GATES, VARIANT(decode)};
#endif
