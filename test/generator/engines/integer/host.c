// Loads a kernel addon without Node, for C libraries for which there is no Node to try: Node-API functions of its
// own, as far as the addon calls them.
//   host ADDON.node KERNEL IMAGE NETWORK JOB: runs a decode on the memory in the file IMAGE, and writes it back;
//   prints the kernel's name
#include <dlfcn.h>
#include <node_api.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *memory;
static size_t memory_size;
static uint32_t arguments[5];
static napi_callback decode;
static char names[8][32];
static int name_count;
static int32_t result = -1;

// A value is the number of an argument, from 1 on.
static size_t number_of(napi_value value) { return (size_t)value; }

napi_status napi_get_cb_info(napi_env env, napi_callback_info info, size_t *count, napi_value *values, napi_value *self, void **data) {
  for (size_t i = 0; i < 5; i++) values[i] = (napi_value)(i + 1);
  *count = 5;
  return napi_ok;
}
napi_status napi_get_value_uint32(napi_env env, napi_value value, uint32_t *to) {
  *to = arguments[number_of(value) - 1];
  return napi_ok;
}
napi_status napi_get_typedarray_info(napi_env env, napi_value value, napi_typedarray_type *type, size_t *length, void **data, napi_value *buffer, size_t *offset) {
  *length = memory_size;
  *data = memory;
  return napi_ok;
}
napi_status napi_create_string_utf8(napi_env env, const char *text, size_t length, napi_value *value) {
  strncpy(names[name_count++], text, 31);
  return napi_ok;
}
napi_status napi_create_function(napi_env env, const char *name, size_t length, napi_callback function, void *data, napi_value *value) {
  decode = function;
  return napi_ok;
}
napi_status napi_create_int32(napi_env env, int32_t number, napi_value *value) {
  result = number;
  return napi_ok;
}
napi_status napi_create_array_with_length(napi_env env, size_t length, napi_value *value) { return napi_ok; }
napi_status napi_set_element(napi_env env, napi_value array, uint32_t index, napi_value value) { return napi_ok; }
napi_status napi_set_named_property(napi_env env, napi_value object, const char *name, napi_value value) { return napi_ok; }
napi_status napi_throw_type_error(napi_env env, const char *code, const char *message) {
  fprintf(stderr, "%s\n", message);
  exit(1);
}

int main(int count, char **words) {
  if (count != 6) return 2;
  void *addon = dlopen(words[1], RTLD_NOW);
  if (!addon) {
    fprintf(stderr, "%s\n", dlerror());
    return 1;
  }
  ((napi_value(*)(napi_env, napi_value))dlsym(addon, "napi_register_module_v1"))(0, 0);
  arguments[0] = strtoul(words[2], 0, 10);
  arguments[2] = strtoul(words[4], 0, 10);
  arguments[3] = strtoul(words[5], 0, 10);
  FILE *image = fopen(words[3], "r+b");
  fseek(image, 0, SEEK_END);
  memory_size = ftell(image);
  memory = aligned_alloc(64, (memory_size + 63) / 64 * 64);
  rewind(image);
  if (fread(memory, 1, memory_size, image) != memory_size) return 1;
  if (arguments[0] >= (uint32_t)name_count) return 3;
  decode(0, 0);
  rewind(image);
  fwrite(memory, 1, memory_size, image);
  fclose(image);
  printf("%s\n", names[arguments[0]]);
  return result;
}
