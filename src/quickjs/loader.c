/*
 * The first code that runs. One file holds two programs: this one, QuickJS with all that a CNI call needs, and behind it
 * the whole of vethwork compiled with Bun, which starts five times slower. `route` decides, before there is any libc,
 * which of them this process is. The second is mapped as the kernel does it in execve(2) (fs/binfmt_elf.c), for execve
 * itself takes only what stands at the beginning of a file.
 */
#include <elf.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#define PAGE 4096UL
#define DOWN(x) ((unsigned long)(x) & ~(PAGE - 1))
#define UP(x) DOWN((unsigned long)(x) + PAGE - 1)
#define O_RDONLY_CLOEXEC 02000000

/* The kernel leaves argc, argv, envp and auxv on the stack; whoever goes on finds them there untouched. */
__asm__(
    ".globl vethwork_entry\n"
    "vethwork_entry:\n"
    "  xor %ebp, %ebp\n"
    "  mov %rsp, %rbx\n"
    "  mov %rsp, %rdi\n"
    "  and $-16, %rsp\n"
    "  call vethwork_route\n"
    "  mov %rbx, %rsp\n"
    "  xor %edx, %edx\n"
    "  test %rax, %rax\n"
    "  jz _start\n"
    "  jmp *%rax\n");

static long sys6(long n, long a, long b, long c, long d, long e, long f) {
  register long r10 __asm__("r10") = d, r8 __asm__("r8") = e, r9 __asm__("r9") = f;
  long ret;
  __asm__ volatile("syscall"
                   : "=a"(ret)
                   : "a"(n), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                   : "rcx", "r11", "memory");
  return ret;
}

static void give_up(const char *why, unsigned long length) {
  sys6(SYS_write, 2, (long)why, length, 0, 0, 0);
  sys6(SYS_exit_group, 127, 0, 0, 0, 0, 0);
}
#define GIVE_UP(why) give_up("vethwork: " why "\n", sizeof "vethwork: " why "\n" - 1)

static void read_at(int fd, void *into, unsigned long length, unsigned long at) {
  if (sys6(SYS_pread64, fd, (long)into, length, at, 0, 0) != (long)length) GIVE_UP("its file cannot be read");
}

struct image {
  unsigned long bias, entry, headers, count;
  char interpreter[64];
};

/* Maps what stands at `base` of a file. */
static void map(struct image *image, int fd, unsigned long base) {
  Elf64_Ehdr head;
  Elf64_Phdr parts[16];
  read_at(fd, &head, sizeof head, base);
  if (head.e_phnum > 16 || head.e_phentsize != sizeof *parts) GIVE_UP("its file is damaged");
  read_at(fd, parts, head.e_phnum * sizeof *parts, base + head.e_phoff);
  unsigned long end = 0;
  for (int i = 0; i < head.e_phnum; i++)
    if (parts[i].p_type == PT_LOAD) end = UP(parts[i].p_vaddr + parts[i].p_memsz);
  image->bias = 0;
  if (head.e_type == ET_DYN) {
    image->bias = sys6(SYS_mmap, 0, end, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (image->bias > -PAGE) GIVE_UP("no memory");
  }
  for (int i = 0; i < head.e_phnum; i++) {
    Elf64_Phdr *part = &parts[i];
    unsigned long start = image->bias + part->p_vaddr;
    if (part->p_type == PT_INTERP && part->p_filesz <= sizeof image->interpreter)
      read_at(fd, image->interpreter, part->p_filesz, base + part->p_offset);
    if (part->p_type != PT_LOAD) continue;
    int protection = (part->p_flags & PF_R ? PROT_READ : 0) | (part->p_flags & PF_W ? PROT_WRITE : 0) |
                     (part->p_flags & PF_X ? PROT_EXEC : 0);
    unsigned long filled = start + part->p_filesz, whole = UP(start + part->p_memsz);
    if (part->p_filesz && sys6(SYS_mmap, DOWN(start), UP(filled) - DOWN(start), protection, MAP_PRIVATE | MAP_FIXED, fd,
                               base + DOWN(part->p_offset)) < 0)
      GIVE_UP("its program cannot be mapped");
    if (part->p_memsz == part->p_filesz) continue;
    for (char *byte = (char *)filled; byte < (char *)UP(filled); byte++) *byte = 0;
    if (whole > UP(filled) &&
        sys6(SYS_mmap, UP(filled), whole - UP(filled), protection, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) < 0)
      GIVE_UP("no memory");
  }
  image->entry = image->bias + head.e_entry;
  image->headers = image->bias + parts[0].p_vaddr;
  for (int i = 0; i < head.e_phnum; i++)
    if (parts[i].p_type == PT_PHDR) image->headers = image->bias + parts[i].p_vaddr;
  image->count = head.e_phnum;
}

static int open_file(const char *path) {
  int fd = sys6(SYS_open, (long)path, O_RDONLY_CLOEXEC, 0, 0, 0, 0);
  if (fd < 0) GIVE_UP("/proc or the dynamic linker is missing");
  return fd;
}

static int begins(const char *text, const char *with) {
  while (*with && *text == *with) text++, with++;
  return !*with;
}

/* Whoever makes a CNI call wants an answer soon; VETHWORK_ENGINE=bun says that this one is for Bun. */
static int is_quick(char **envp) {
  int quick = 0;
  for (; *envp; envp++) {
    if (begins(*envp, "CNI_COMMAND=") && (*envp)[12]) quick = 1;
    if (begins(*envp, "VETHWORK_ENGINE=bun")) return 0;
  }
  return quick;
}

extern const Elf64_Ehdr __ehdr_start;

/* @returns where to go on, or 0: with this program */
unsigned long vethwork_route(unsigned long *stack) {
  char **envp = (char **)stack + stack[0] + 2;
  if (is_quick(envp)) return 0;
  char **end = envp;
  while (*end) end++;
  static struct image program, linker;
  int fd = open_file("/proc/self/exe");
  map(&program, fd, UP(__ehdr_start.e_shoff + __ehdr_start.e_shnum * __ehdr_start.e_shentsize));
  sys6(SYS_close, fd, 0, 0, 0, 0, 0);
  fd = open_file(program.interpreter);
  map(&linker, fd, 0);
  sys6(SYS_close, fd, 0, 0, 0, 0, 0);
  for (Elf64_auxv_t *aux = (Elf64_auxv_t *)(end + 1); aux->a_type != AT_NULL; aux++) {
    if (aux->a_type == AT_PHDR) aux->a_un.a_val = program.headers;
    if (aux->a_type == AT_PHNUM) aux->a_un.a_val = program.count;
    if (aux->a_type == AT_ENTRY) aux->a_un.a_val = program.entry;
    if (aux->a_type == AT_BASE) aux->a_un.a_val = linker.bias;
  }
  return linker.entry;
}
