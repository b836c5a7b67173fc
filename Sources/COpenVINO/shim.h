/* OpenVINO's C API as it is. Nothing is wrapped here: since 2026.4 every function that takes properties has a form with
   an array (..._props) besides the variadic one that Swift cannot call.
   Its enum cases have no prefix (OK, F32, ...), so one Swift target imports this and no other. */
#include <openvino/c/openvino.h>

/* Of glibc (2.27 and newer), for what OpenVINO is given to read. Swift's own module of glibc leaves out what stands
   behind _GNU_SOURCE. */
#include <stddef.h>
int memfd_create(const char *name, unsigned int flags);
void *memmem(const void *haystack, size_t haystack_count, const void *needle, size_t needle_count);
