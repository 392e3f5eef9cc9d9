// A compiled variant of decode.c, as the addon lists it.
#pragma once
#include "layout.h"

typedef struct {
  const char *name;
  int32_t lanes;  // layout.h's L
  int32_t gates;  // layout.h's GATES
  int32_t (*decode)(uint8_t *memory, Offset network, Offset job, uint32_t thread);
} Kernel;
