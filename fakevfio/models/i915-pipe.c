// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A running pipe: its clock, frames, scan line and vertical blank. Nothing runs while nobody
 * looks: counters are computed from the time when they are read, and a timer is armed only while
 * the guest wants to hear of the vertical blank.
 *
 * A frame begins with its vertical blank, as the frame counter does.
 */

#include "i915-registers.h"
#include "i915.h"

#define ENABLE	   (1u << 31)
#define STATE	   (1u << 30)
#define DEFAULT_NS 16666667ull
#define NS_PER_S   1000000000ull
#define IRQ_VBLANK (1u << 0)

/* A DisplayPort link's clock, of which the pixels' is a part. Source: PRM vol. 2c, LINK_M, LINK_N */
static uint64_t display_port_khz(const struct i915 *i915, int pipe, unsigned int port)
{
	static const uint32_t broadwell[] = { 540000, 270000, 162000, 0, 0, 0, 0, 0 };
	static const uint32_t gen9[] = { 540000, 270000, 162000, 324000, 216000, 432000, 0, 0 };
	uint64_t m = i915_get(i915, LINK_M + pipe * PIPE_STEP) & 0xffffff;
	uint64_t n = i915_get(i915, LINK_N + pipe * PIPE_STEP) & 0xffffff;
	uint32_t link;

	if (i915->generation == I915_GEN8) {
		link = broadwell[i915_get(i915, PORT_CLK_SEL + 4 * port) >> 29];
	} else {
		unsigned int pll = i915_get(i915, DPLL_CTRL2) >> (3 * port + 1) & 3;

		link = gen9[i915_get(i915, DPLL_CTRL1) >> (6 * pll + 1) & 7];
	}
	return n ? link * m / n : 0;
}

/* In kHz, 0 if it is not programmed. Source: Broadwell PRM vol. 11, WRPLL; reference LCPLL */
static uint64_t broadwell_port_khz(const struct i915 *i915, unsigned int port)
{
	unsigned int source = i915_get(i915, PORT_CLK_SEL + 4 * port) >> 29;
	uint32_t control, n, p, r;

	if (source != 4 && source != 5)
		return 0;
	control = i915_get(i915, source == 4 ? WRPLL_CTL1 : WRPLL_CTL2);
	n = control >> 16 & 0xff;
	p = control >> 8 & 0x3f;
	r = control & 0xff;
	return p && r ? 2700000ull * n / 10 / (p * r) * 2 : 0;
}

/* Source: Skylake PRM vol. 12, DPLL_CFGCR1/2: a 24 MHz reference, DCO and three dividers */
static uint64_t gen9_port_khz(const struct i915 *i915, unsigned int port)
{
	static const uint8_t k_dividers[] = { 5, 2, 3, 1 },
			     p_dividers[] = { 1, 2, 3, 0, 7, 7, 0, 0 };
	unsigned int pll = i915_get(i915, DPLL_CTRL2) >> (3 * port + 1) & 3;
	uint32_t first, second;
	uint64_t dco, p, q, k;

	if (pll == 0) /* it drives CDCLK and embedded panels */
		return 0;
	first = i915_get(i915, DPLL_CFGCR1 + 8 * (pll - 1));
	second = i915_get(i915, DPLL_CFGCR2 + 8 * (pll - 1));
	p = p_dividers[second >> 2 & 7];
	k = k_dividers[second >> 5 & 3];
	q = second & 1u << 7 ? second >> 8 & 0xff : 1;
	dco = (first & 0x1ff) * 24000ull + (first >> 9 & 0x7fff) * 24000ull / 0x8000;
	return p && q ? dco / (p * q * k * 5) : 0;
}

/* How long a frame takes: of the programmed clock if that makes sense, else 1/60 s. */
static uint64_t frame_ns(const struct i915 *i915, int pipe)
{
	uint32_t horizontal = i915_get(i915, HTOTAL + pipe * PIPE_STEP);
	uint32_t vertical = i915_get(i915, VTOTAL + pipe * PIPE_STEP);
	uint64_t pixels = ((horizontal >> 16 & 0x1fff) + 1ull) * ((vertical >> 16 & 0x1fff) + 1);
	unsigned int port = i915_get(i915, TRANS_CLK_SEL + 4 * pipe) >> 29;
	uint64_t khz, ns;

	if (port < 1 || port > 5)
		return DEFAULT_NS;
	if (i915_get(i915, TRANS_DDI_FUNC_CTL + pipe * PIPE_STEP) >> 24 & 2) /* SST or MST */
		khz = display_port_khz(i915, pipe, port - 1);
	else
		khz = i915->generation == I915_GEN8 ? broadwell_port_khz(i915, port - 1)
						    : gen9_port_khz(i915, port - 1);
	if (!khz)
		return DEFAULT_NS;
	ns = pixels * 1000000 / khz;
	return ns < NS_PER_S / 250 || ns > NS_PER_S / 20 ? DEFAULT_NS : ns;
}

static bool running(const struct i915 *i915, int pipe)
{
	return i915_get(i915, PIPECONF + pipe * PIPE_STEP) & ENABLE;
}

static uint64_t frames(const struct i915 *i915, int pipe)
{
	const struct i915_pipe *p = &i915->pipes[pipe];

	if (!running(i915, pipe))
		return p->frames_before;
	return p->frames_before + (i915->dev->now_ns - p->on_ns) / p->frame_ns;
}

static int pipe_of(uint32_t offset)
{
	return (int)(offset / PIPE_STEP % 16);
}

static void write_config(struct i915 *i915, uint32_t offset, uint32_t value)
{
	int pipe = pipe_of(offset);
	struct i915_pipe *p = &i915->pipes[pipe];
	bool was = running(i915, pipe);
	uint64_t count = frames(i915, pipe);

	i915_set(i915, offset, (value & ~STATE) | (value & ENABLE ? STATE : 0));
	if (!was && value & ENABLE) {
		p->on_ns = i915->dev->now_ns;
		p->frame_ns = frame_ns(i915, pipe);
		p->frames_told = p->frames_before;
	} else if (was && !(value & ENABLE)) {
		p->frames_before = count;
	}
	i915_deadline_update(i915);
}
const struct i915_behaviour i915_pipe_config = { .write = write_config };

static uint32_t read_frames(struct i915 *i915, uint32_t offset)
{
	return (uint32_t)frames(i915, pipe_of(offset));
}
const struct i915_behaviour i915_pipe_frames = { .read = read_frames };

static uint32_t read_line(struct i915 *i915, uint32_t offset)
{
	int pipe = pipe_of(offset);
	const struct i915_pipe *p = &i915->pipes[pipe];
	uint32_t vertical = i915_get(i915, VTOTAL + pipe * PIPE_STEP);
	uint64_t total = (vertical >> 16 & 0x1fff) + 1, active = (vertical & 0xfff) + 1;

	if (!running(i915, pipe))
		return 0;
	return (uint32_t)((active +
			   (i915->dev->now_ns - p->on_ns) % p->frame_ns * total / p->frame_ns) %
			  total);
}
const struct i915_behaviour i915_pipe_line = { .read = read_line };

static bool vblank_wanted(const struct i915 *i915, int pipe)
{
	return running(i915, pipe) && i915_irq_wanted(i915, IRQ_PIPE + pipe * IRQ_STEP, IRQ_VBLANK);
}

void i915_pipes_tick(struct i915 *i915)
{
	for (int pipe = 0; pipe < I915_PIPES; pipe++) {
		struct i915_pipe *p = &i915->pipes[pipe];
		uint64_t count = frames(i915, pipe);

		if (count == p->frames_told)
			continue;
		p->frames_told = count;
		if (vblank_wanted(i915, pipe))
			i915_irq_raise(i915, IRQ_PIPE + pipe * IRQ_STEP, IRQ_VBLANK);
	}
}

uint64_t i915_pipes_deadline(struct i915 *i915)
{
	uint64_t deadline = 0;

	for (int pipe = 0; pipe < I915_PIPES; pipe++) {
		struct i915_pipe *p = &i915->pipes[pipe];
		bool wanted = vblank_wanted(i915, pipe);
		uint64_t next;

		/* whoever begins to listen hears of the next frame, not of past ones */
		if (wanted && !p->listened)
			p->frames_told = frames(i915, pipe);
		p->listened = wanted;
		if (!wanted)
			continue;
		next = p->on_ns + (p->frames_told - p->frames_before + 1) * p->frame_ns;
		if (!deadline || next < deadline)
			deadline = next;
	}
	return deadline;
}
