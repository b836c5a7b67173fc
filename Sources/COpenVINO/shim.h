/* OpenVINO's C API as it is. Nothing is wrapped here: since 2026.4 every function that takes properties has a form with
   an array (..._props) besides the variadic one that Swift cannot call.
   Its enum cases have no prefix (OK, F32, ...), so one Swift target imports this and no other. */
#include <openvino/c/openvino.h>
