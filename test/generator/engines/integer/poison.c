// A Node-API addon for tests: poison(memory, from, end) marks bytes that no other C code may touch, so that
// AddressSanitizer reports it when it does.
#include <node_api.h>
#include <sanitizer/asan_interface.h>

static napi_value poison(napi_env env, napi_callback_info info) {
  napi_value values[3];
  size_t count = 3, length;
  uint32_t from, end;
  void *memory;
  if (napi_get_cb_info(env, info, &count, values, 0, 0) != napi_ok || count != 3 ||
      napi_get_typedarray_info(env, values[0], 0, &length, &memory, 0, 0) != napi_ok ||
      napi_get_value_uint32(env, values[1], &from) != napi_ok || from > length ||
      napi_get_value_uint32(env, values[2], &end) != napi_ok || end > length || end < from) {
    napi_throw_type_error(env, 0, "Expected a Uint8Array and two offsets.");
    return 0;
  }
  ASAN_POISON_MEMORY_REGION((char *)memory + from, end - from);
  return 0;
}

NAPI_MODULE_INIT() {
  napi_value function;
  napi_create_function(env, "poison", NAPI_AUTO_LENGTH, poison, 0, &function);
  napi_set_named_property(env, exports, "poison", function);
  return exports;
}
