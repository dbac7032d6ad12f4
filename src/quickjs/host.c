/*
 * QuickJS with a door to the kernel, for TypeScript that was evaluated when this executable was built.
 *
 * All memory of JavaScript is in `heap`, at an address that never changes. The build runs this program once over the
 * bundle, writes what the heap has become into the executable (section .heap), and from then on each process begins there:
 * nothing is loaded, parsed or evaluated. Pages are the dear thing here, so they are asked for all at once.
 *
 * JavaScript gets `host`: syscall(2) and what needs a pointer. It sets host.start, which is called with what is on the stack.
 */

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stddef.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>
#include "quickjs.h"

/* What the heap needs when it is written, and what a call is expected to need besides. */
#define IMAGE (4UL << 20)
#define GROWTH (768UL << 10)
#define CHUNK (1UL << 20)
#define STACK (4UL << 20)

/* Blocks of 16, 32, … 512 bytes; above, of powers of two. Each has its class in front of it. */
#define SMALL 512UL
#define CLASSES (SMALL / 16 + 48)

struct block {
  unsigned long class;
  struct block *next; /* of a free one; the beginning of what is given out */
};

static struct {
  char *top, *end;
  struct block *free[CLASSES];
  JSRuntime *runtime;
  JSContext *context;
  JSValue host;
  char image[IMAGE] __attribute__((aligned(4096)));
} heap __attribute__((section(".heap"), aligned(4096)));

static unsigned long size_of(unsigned long class) {
  return class < SMALL / 16 ? 16 * (class + 1) : SMALL << (class - SMALL / 16 + 1);
}

static unsigned long class_of(unsigned long size) {
  if (size <= SMALL) return size ? (size - 1) / 16 : 0;
  return SMALL / 16 + 63 - __builtin_clzl((size - 1) / SMALL);
}

static void *take(JSMallocState *state, size_t size) {
  (void)state;
  if (size > 1UL << 40) return NULL;
  unsigned long class = class_of(size), whole = size_of(class) + sizeof(unsigned long);
  struct block *block = heap.free[class];
  if (block) {
    heap.free[class] = block->next;
    return &block->next;
  }
  if (whole > (unsigned long)(heap.end - heap.top)) {
    unsigned long more = whole > CHUNK ? (whole + 4095) & ~4095UL : CHUNK;
    void *chunk = mmap(NULL, more, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (chunk == MAP_FAILED) return NULL;
    heap.top = chunk;
    heap.end = heap.top + more;
  }
  block = (struct block *)heap.top;
  heap.top += whole;
  block->class = class;
  return &block->next;
}

static struct block *block_of(const void *given) {
  return (struct block *)((char *)given - offsetof(struct block, next));
}

static size_t room_of(const void *given) { return given ? size_of(block_of(given)->class) : 0; }

static void give(JSMallocState *state, void *given) {
  (void)state;
  if (!given) return;
  struct block *block = block_of(given);
  block->next = heap.free[block->class];
  heap.free[block->class] = block;
}

static void *retake(JSMallocState *state, void *given, size_t size) {
  if (given && size && size <= room_of(given)) return given;
  void *fresh = size ? take(state, size) : NULL;
  if (size && !fresh) return NULL;
  if (given && fresh) memcpy(fresh, given, room_of(given) < size ? room_of(given) : size);
  give(state, given);
  return fresh;
}

/* The bytes of a typed array, and how many; NULL for anything else. */
static uint8_t *bytes_of(JSContext *ctx, JSValueConst value, size_t *length) {
  size_t offset, each, whole;
  JSValue buffer = JS_GetTypedArrayBuffer(ctx, value, &offset, length, &each);
  if (JS_IsException(buffer)) {
    JS_FreeValue(ctx, JS_GetException(ctx));
    return NULL;
  }
  uint8_t *bytes = JS_GetArrayBuffer(ctx, &whole, buffer);
  JS_FreeValue(ctx, buffer);
  return bytes ? bytes + offset : NULL;
}

/* syscall(2): numbers as they are, strings and bytes by their address. @returns what it returned, or -errno */
static JSValue js_syscall(JSContext *ctx, JSValueConst this, int argc, JSValueConst *argv) {
  (void)this;
  long args[7] = {0}, got = 0;
  const char *strings[7] = {0};
  for (int i = 0; i < argc && i < 7; i++) {
    int64_t number = 0;
    size_t length;
    if (JS_IsString(argv[i])) {
      if (!(strings[i] = JS_ToCStringLen(ctx, &length, argv[i]))) return JS_EXCEPTION;
      if (strlen(strings[i]) != length) got = -EINVAL; /* it would be cut at its zero byte */
      args[i] = (long)strings[i];
    } else if (JS_IsObject(argv[i])) args[i] = (long)bytes_of(ctx, argv[i], &length);
    else if (JS_ToInt64(ctx, &number, argv[i])) return JS_EXCEPTION;
    else args[i] = number;
  }
  if (!got) got = syscall(args[0], args[1], args[2], args[3], args[4], args[5], args[6]);
  if (got == -1) got = -errno;
  for (int i = 0; i < 7; i++)
    if (strings[i]) JS_FreeCString(ctx, strings[i]);
  return JS_NewInt64(ctx, got);
}

/* UTF-8 of bytes[from, to) */
static JSValue js_text(JSContext *ctx, JSValueConst this, int argc, JSValueConst *argv) {
  (void)this, (void)argc;
  int64_t from, to;
  size_t length;
  if (JS_ToInt64(ctx, &from, argv[1]) || JS_ToInt64(ctx, &to, argv[2])) return JS_EXCEPTION;
  const char *bytes = (char *)bytes_of(ctx, argv[0], &length);
  if (!bytes || from < 0 || to > (int64_t)length) return JS_ThrowRangeError(ctx, "there are no such bytes");
  return to > from ? JS_NewStringLen(ctx, bytes + from, to - from) : JS_NewString(ctx, "");
}

/* A new ArrayBuffer with the UTF-8 of a string */
static JSValue js_bytes(JSContext *ctx, JSValueConst this, int argc, JSValueConst *argv) {
  (void)this, (void)argc;
  size_t length;
  const char *text = JS_ToCStringLen(ctx, &length, argv[0]);
  if (!text) return JS_EXCEPTION;
  JSValue buffer = JS_NewArrayBufferCopy(ctx, (const uint8_t *)text, length);
  JS_FreeCString(ctx, text);
  return buffer;
}

/* CRC-32 of bytes, as zlib has it: a loop of this kind is what an interpreter is worst at */
static JSValue js_crc32(JSContext *ctx, JSValueConst this, int argc, JSValueConst *argv) {
  (void)this, (void)argc;
  size_t length;
  const uint8_t *byte = bytes_of(ctx, argv[0], &length);
  uint32_t table[256], sum = ~0U;
  for (uint32_t n = 0; n < 256; n++) {
    table[n] = n;
    for (int bit = 0; bit < 8; bit++) table[n] = table[n] & 1 ? table[n] >> 1 ^ 0xedb88320U : table[n] >> 1;
  }
  while (byte && length-- > 0) sum = sum >> 8 ^ table[(sum ^ *byte++) & 255];
  return JS_NewInt64(ctx, ~sum);
}

/* A null-terminated array of the strings of a list; the strings are never given back: it is over soon. */
static char **strings_of(JSContext *ctx, JSValueConst list) {
  uint32_t count = 0;
  JSValue length = JS_GetPropertyStr(ctx, list, "length");
  JS_ToUint32(ctx, &count, length);
  char **strings = calloc(count + 1, sizeof *strings);
  for (uint32_t n = 0; strings && n < count; n++)
    strings[n] = (char *)JS_ToCString(ctx, JS_GetPropertyUint32(ctx, list, n));
  return strings;
}

/* posix_spawn(3) of (path, argv, environ, stdin, stdout, stderr), without a copy of our memory. @returns its pid, or -errno */
static JSValue js_spawn(JSContext *ctx, JSValueConst this, int argc, JSValueConst *argv) {
  (void)this, (void)argc;
  const char *path = JS_ToCString(ctx, argv[0]);
  char **words = strings_of(ctx, argv[1]), **env = strings_of(ctx, argv[2]);
  if (!path || !words || !env) return JS_NewInt64(ctx, -ENOMEM);
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  sigset_t ours;
  sigemptyset(&ours);
  sigaddset(&ours, SIGPIPE);
  posix_spawn_file_actions_init(&actions);
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
  posix_spawnattr_setsigdefault(&attributes, &ours);
  for (int fd = 0; fd < 3; fd++) {
    int32_t given = -1;
    JS_ToInt32(ctx, &given, argv[3 + fd]);
    posix_spawn_file_actions_adddup2(&actions, given, fd);
  }
  pid_t pid = 0;
  int failed = posix_spawn(&pid, path, &actions, &attributes, words, env);
  return JS_NewInt64(ctx, failed ? -failed : pid);
}

static char **arguments;

/* Begins the whole program in our place. @returns -errno, if at all */
static JSValue js_become(JSContext *ctx, JSValueConst this, int argc, JSValueConst *argv) {
  (void)this, (void)argc, (void)argv;
  signal(SIGPIPE, SIG_DFL);
  putenv("VETHWORK_ENGINE=bun");
  execv("/proc/self/exe", arguments);
  return JS_NewInt64(ctx, -errno);
}

static JSValue list_of(JSContext *ctx, char **strings) {
  JSValue list = JS_NewArray(ctx);
  for (uint32_t n = 0; strings[n]; n++) JS_SetPropertyUint32(ctx, list, n, JS_NewString(ctx, strings[n]));
  return list;
}

static int fail(JSContext *ctx, const char *what) {
  JSValue error = JS_GetException(ctx);
  JSValue stack = JS_GetPropertyStr(ctx, error, "stack");
  const char *message = JS_ToCString(ctx, error), *where = JS_ToCString(ctx, stack);
  fprintf(stderr, "vethwork: %s: %s\n%s\n", what, message ? message : "?", where ? where : "");
  return 70;
}

/* Jobs, and when there is none host.idle(), which waits for a timer; until that has nothing to wait for. */
static int run(JSContext *ctx) {
  for (;;) {
    JSContext *of;
    int done;
    while ((done = JS_ExecutePendingJob(heap.runtime, &of)) > 0) continue;
    if (done < 0) return fail(ctx, "unexpected");
    JSValue idle = JS_GetPropertyStr(ctx, heap.host, "idle");
    JSValue went = JS_Call(ctx, idle, JS_UNDEFINED, 0, NULL);
    JS_FreeValue(ctx, idle);
    if (JS_IsException(went)) return fail(ctx, "unexpected");
    if (!JS_ToBool(ctx, went)) return 0;
  }
}

/* Bytecode of a module, made in memory of its own: the parser leaves much behind. */
static uint8_t *compile(const char *path, size_t *length) {
  FILE *source = fopen(path, "rb");
  if (!source || fseek(source, 0, SEEK_END)) return perror(path), NULL;
  long size = ftell(source);
  char *text = calloc(1, size + 1);
  rewind(source);
  if (fread(text, 1, size, source) != (size_t)size) return perror(path), NULL;
  JSRuntime *rt = JS_NewRuntime();
  JSContext *ctx = JS_NewContext(rt);
  JS_SetStripInfo(rt, JS_STRIP_SOURCE);
  JSValue module = JS_Eval(ctx, text, size, "vethwork", JS_EVAL_TYPE_MODULE | JS_EVAL_FLAG_COMPILE_ONLY);
  if (JS_IsException(module)) return fail(ctx, path), NULL;
  return JS_WriteObject(ctx, length, module, JS_WRITE_OBJ_BYTECODE);
}

/* Only when it is built: evaluates the module argv[1] and writes the section .heap to argv[2]. */
static int write_image(char **argv) {
  size_t length;
  uint8_t *bytecode = compile(argv[1], &length);
  if (!bytecode) return 1;
  heap.top = heap.image;
  heap.end = heap.image + IMAGE;
  static const JSMallocFunctions functions = {take, give, retake, room_of};
  JSRuntime *rt = heap.runtime = JS_NewRuntime2(&functions, NULL);
  JS_SetGCThreshold(rt, -1); /* it is over before it would pay */
  JS_SetMaxStackSize(rt, STACK);
  JSContext *ctx = heap.context = JS_NewContext(rt);
  heap.host = JS_NewObject(ctx);
  static const JSCFunctionListEntry doors[] = {
      JS_CFUNC_DEF("syscall", 7, js_syscall), JS_CFUNC_DEF("text", 3, js_text),   JS_CFUNC_DEF("bytes", 1, js_bytes),
      JS_CFUNC_DEF("crc32", 1, js_crc32),     JS_CFUNC_DEF("spawn", 6, js_spawn), JS_CFUNC_DEF("become", 0, js_become),
  };
  JS_SetPropertyFunctionList(ctx, heap.host, doors, sizeof doors / sizeof *doors);
  JSValue global = JS_GetGlobalObject(ctx);
  JS_SetPropertyStr(ctx, global, "host", JS_DupValue(ctx, heap.host));
  JS_FreeValue(ctx, global);

  JSValue module = JS_ReadObject(ctx, bytecode, length, JS_READ_OBJ_BYTECODE);
  if (JS_IsException(module) || JS_ResolveModule(ctx, module) < 0) return fail(ctx, argv[1]);
  JSValue evaluated = JS_EvalFunction(ctx, module);
  int failed = run(ctx);
  if (failed) return failed;
  if (JS_PromiseState(ctx, evaluated) != JS_PROMISE_FULFILLED) {
    JS_Throw(ctx, JS_PromiseResult(ctx, evaluated));
    return fail(ctx, argv[1]);
  }
  JS_RunGC(rt);
  printf("%lu KB of code and objects, ready\n", (unsigned long)(heap.top - heap.image) >> 10);
  if (heap.top < heap.image || heap.top + GROWTH > heap.image + IMAGE)
    return fprintf(stderr, "vethwork: IMAGE in host.c is too small\n"), 1;
  FILE *section = fopen(argv[2], "wb");
  if (!section || fwrite(&heap, sizeof heap, 1, section) != 1 || fclose(section)) return perror(argv[2]), 1;
  return 0;
}

/* As Node and Bun leave a process to their programs. */
static void prepare(void) {
  signal(SIGPIPE, SIG_IGN); /* who does not listen any more is an error of write(2) */
  signal(SIGCHLD, SIG_DFL);
  for (int fd = 0; fd < 3; fd++)
    if (fcntl(fd, F_GETFD) < 0) open("/dev/null", O_RDWR); /* or it would become that of a socket */
  close_range(3, ~0U, CLOSE_RANGE_CLOEXEC); /* what our caller left open is nobody's business */
}

/* Half of the stack that there is, at most STACK bytes. */
static size_t stack_size(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_STACK, &limit) || limit.rlim_cur / 2 > STACK) return STACK;
  return limit.rlim_cur / 2;
}

int main(int argc, char **argv) {
  if (!heap.context) return argc == 3 ? write_image(argv) : 1;
  /* Linux 5.14; where it is not known each page comes by itself. */
  madvise(&heap, heap.top + GROWTH - (char *)&heap, MADV_POPULATE_WRITE);
  arguments = argv;
  prepare();
  JSContext *ctx = heap.context;
  JS_SetMaxStackSize(heap.runtime, stack_size());
  JS_UpdateStackTop(heap.runtime);
  JSValue start = JS_GetPropertyStr(ctx, heap.host, "start");
  JSValue given[] = {list_of(ctx, argv), list_of(ctx, environ)};
  if (JS_IsException(JS_Call(ctx, start, JS_UNDEFINED, 2, given))) return fail(ctx, "unexpected");
  int failed = run(ctx);
  if (!failed) fprintf(stderr, "vethwork: it ended without an answer\n");
  return failed ? failed : 70;
}
