// The whole runtime as one translation unit: compiled once for each compiler and machine.
#include "kvist_scheduler.cpp"
#include "kvist_memory.cpp"
#include "kvist_shadow.cpp"
#include "kvist_hooks.cpp"
#include "kvist_report.cpp"
#include "kvist_main.cpp"
