// The names from MLX's own utils.h that the signatures it generates use.
#pragma once

typedef half float16_t;
typedef bfloat bfloat16_t;
