// The kernel as a Node-API addon that needs no C library. Exports:
//   kernels: [[name, lanes, gates], ...], what this processor supports, the fastest first
//   decode(kernel, memory, network, job, thread): see decode.c; `memory` is a Uint8Array of a whole buffer
#include <node_api.h>

#include "processor.h"

// The compiler may call these for plain loops and structures.
void *memset(void *to, int byte, size_t size) {
  uint8_t *bytes = to;
  for (size_t i = 0; i < size; i++) {
    bytes[i] = byte;
    __asm__ volatile("");  // or the loop would become a call of memset
  }
  return to;
}
void *memcpy(void *to, const void *from, size_t size) {
  uint8_t *bytes = to;
  for (size_t i = 0; i < size; i++) {
    bytes[i] = ((const uint8_t *)from)[i];
    __asm__ volatile("");
  }
  return to;
}
#ifdef _WIN32
int _fltused;
int DllMainCRTStartup(void *module, unsigned reason, void *reserved) {
  (void)module, (void)reason, (void)reserved;
  return 1;
}
#endif

enum { MAX_KERNELS = 4, ARGUMENTS = 5 };
// The same on every thread, so it does not matter which of them fills it.
static const Kernel *kernels[MAX_KERNELS];
static uint32_t kernel_count;

static napi_value decode(napi_env env, napi_callback_info info) {
  napi_value values[ARGUMENTS];
  size_t count = ARGUMENTS, length;
  uint32_t kernel, network, job, thread;
  void *memory;
  if (napi_get_cb_info(env, info, &count, values, 0, 0) != napi_ok || count != ARGUMENTS ||
      napi_get_value_uint32(env, values[0], &kernel) != napi_ok || kernel >= kernel_count ||
      napi_get_typedarray_info(env, values[1], 0, &length, &memory, 0, 0) != napi_ok ||
      napi_get_value_uint32(env, values[2], &network) != napi_ok || network >= length ||
      napi_get_value_uint32(env, values[3], &job) != napi_ok || job >= length ||
      napi_get_value_uint32(env, values[4], &thread) != napi_ok) {
    napi_throw_type_error(env, 0, "Expected a kernel, a Uint8Array, two offsets and a thread.");
    return 0;
  }
  napi_value result;
  napi_create_int32(env, kernels[kernel]->decode(memory, network, job, thread), &result);
  return result;
}

static napi_value describe(napi_env env, const Kernel *kernel) {
  napi_value entry, name, lanes, gates;
  napi_create_array_with_length(env, 3, &entry);
  napi_create_string_utf8(env, kernel->name, NAPI_AUTO_LENGTH, &name);
  napi_create_int32(env, kernel->lanes, &lanes);
  napi_create_int32(env, kernel->gates, &gates);
  napi_set_element(env, entry, 0, name);
  napi_set_element(env, entry, 1, lanes);
  napi_set_element(env, entry, 2, gates);
  return entry;
}

NAPI_MODULE_INIT() {
  napi_value list, function;
  kernel_count = list_kernels(kernels);
  napi_create_array_with_length(env, kernel_count, &list);
  for (uint32_t i = 0; i < kernel_count; i++) napi_set_element(env, list, i, describe(env, kernels[i]));
  napi_set_named_property(env, exports, "kernels", list);
  napi_create_function(env, "decode", NAPI_AUTO_LENGTH, decode, 0, &function);
  napi_set_named_property(env, exports, "decode", function);
  return exports;
}
