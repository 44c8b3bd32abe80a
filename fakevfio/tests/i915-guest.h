/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A vGPU without VFIO around it, and a guest that is one flat piece of memory: for tests of the
 * i915 model alone.
 */

#include <fakesysfs/profile.h>
#include <fakevfio/device.h>
#include <stdbool.h>
#include <stdint.h>

enum { GUEST_LEN = 64 << 20 };

/*
 * What one call of the model may do with guest memory: a turn of each of five engines, or a picture of
 * 4096 x 4096 pixels of 8 bytes with sprites and cursor. A copy takes about a microsecond, so that no
 * call takes longer than seconds, whatever a guest says.
 */
enum { COPIES_MAX = 5 * 700000 };
#define COPIED_MAX (5ull * (512 << 20))

/** Around a call of the model: aborts if it did more. */
void i915_guest_begin_call(void);
void i915_guest_end_call(void);

/** What a guest driver's first access may be; 8 or 9. The vGPU is reset and the GGTT is empty. */
struct fv_device *i915_guest_create(int graphics_version);
/** The same with its monitor elsewhere than on HDMI, or with an aperture that can be reached. */
struct fv_device *i915_guest_create_output(int graphics_version, enum fake_output output);
struct fv_device *i915_guest_create_mappable(int graphics_version, bool mappable);
struct fv_device *i915_guest_create_variant(int graphics_version, bool as_gvt);
void i915_guest_destroy(struct fv_device *dev);

/** The guest's memory, GUEST_LEN bytes from guest physical address 0. */
uint8_t *i915_guest_memory(void);
/** Guest memory from here on, a multiple of 4096, is not mapped for DMA; touching it kills. */
void i915_guest_limit(uint64_t len);
/** Points @pages pages of graphics memory from @gma on at guest memory from @iova on. */
void i915_guest_map(struct fv_device *dev, uint64_t gma, uint64_t iova, size_t pages);
uint64_t *i915_guest_entries(struct fv_device *dev);

uint32_t i915_guest_read(struct fv_device *dev, uint32_t offset);
void i915_guest_write(struct fv_device *dev, uint32_t offset, uint32_t value);

/** How many times the vGPU has signalled its MSI. */
unsigned int i915_guest_interrupts(void);
