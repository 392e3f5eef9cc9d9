// The structures in the memory that the engine and its threads share. network-layout.ts and job-layout.ts write
// them; all members are 32-bit words, and an Offset is a number of bytes from the start of the memory.
//
// A block is as many units (or outputs) as a vector has lanes, L. A layer's gates are i, f, g, o.
#pragma once
#include <stdint.h>

typedef uint32_t Offset;

// Ids that are listed for a draw of a row that asks for probabilities.
enum { LIKELIEST = 5 };

typedef struct {
  uint32_t units;
  // The layer reads the sum of the hidden states of the layers from this one up to its own predecessor. Its own
  // index for the first layer, whose input is in the table of its terms.
  uint32_t first_input;
  Offset weights;      // int8 [units / L][4 / GATES][inputs / 4][GATES][L][4]: input kernel above recurrent kernel
  Offset corrections;  // int32 [units / L][4][L]: -64 times the sum of the weights of an output
  Offset scales;       // float [units / L][4][L]
  Offset terms;        // float [units / L][4][L]: the bias; in the first layer a table of one for each id
  Offset hidden;       // uint8 [capacity][2][units]: 64 + round(63 h), before and after a step by turns
  Offset cells;        // float [capacity][units]
} Layer;

typedef struct {
  uint32_t layer_count;
  Offset layers;             // Layer [layer_count]
  uint32_t vocabulary;       // number of outputs
  uint32_t outputs;          // the same, rounded up to a multiple of 16
  uint32_t output_input;     // the output layer reads the sum of the hidden states from this layer up
  Offset output_weights;      // int8 [outputs / L][inputs / 4][L][4]
  Offset output_corrections;  // int32 [outputs]
  Offset output_scales;       // float [outputs]
  Offset output_biases;       // float [outputs]
  Offset logits;              // float [capacity][outputs]
  Offset inside;              // uint8 [vocabulary]: 1 where the draw after this id is inside a word
} Network;

// One decode: `rows` slots advance by `steps` ids.
typedef struct {
  uint32_t rows;
  uint32_t steps;
  uint32_t draws;       // 0 where only logits are wanted
  uint32_t threads;     // threads that take part
  uint32_t rows_each;   // rows that a thread takes at a time; 0 where the threads share the units of all rows
  Offset slots;             // int32 [rows]
  Offset parities;          // int32 [rows]: which half of `hidden` holds the state before the first step
  Offset feed_counts;       // int32 [rows]
  Offset feeds;             // int32 [rows][steps]
  Offset drawn;             // int32 [rows][steps]: the result
  Offset allowed;           // int32 [rows][steps]: offset of `vocabulary` bytes, or 0 where all ids are allowed
  Offset temperatures;      // double [rows]
  Offset word_temperatures; // double [rows]
  Offset log_min_ps;        // double [rows]: ln(min-p), or -Infinity
  Offset uniforms;          // double [rows][steps]
  Offset asks;              // int32 [rows]: 1 where the probabilities of the row's draws are wanted
  Offset likeliest;         // int32 [rows][steps][LIKELIEST]: the result for rows that ask; -1 for none
  Offset probabilities;     // float [rows][steps][1 + LIKELIEST]: of the drawn id, then of the likeliest ones
  Offset states;            // ThreadState [threads]
  Offset scratch;           // double [threads][outputs]
  Offset sync;              // Sync
} Job;

// Words that several threads change, each on its own cache line.
typedef struct {
  int32_t next_rows;    // the first row that no thread has taken
  int32_t line_0[15];
  int32_t arrived;      // threads that have reached the current barrier
  int32_t line_1[15];
  int32_t phase;        // number of barriers that are passed
  int32_t sole_thread;  // 1 + the only thread that goes on after the last barrier; 0 while all go on
  int32_t line_2[14];
  int32_t impatient;    // 1 + a thread that has waited long at a barrier; 0 for none
  int32_t line_4[15];
  int32_t is_broken;    // 1 when a row's logits were no distribution
  int32_t line_3[15];
} Sync;

// Where a thread is in a decode whose units are shared, so that it can return while it waits for another.
typedef struct {
  int32_t step;
  int32_t stage;      // a layer, then the outputs, then the draws
  int32_t is_waiting;
  int32_t phase;      // the value of Sync.phase at which it began to wait
  int32_t line[12];
} ThreadState;

// Results of `decode`.
enum { DECODE_ENDED = 0, DECODE_WAITS = 1 };
