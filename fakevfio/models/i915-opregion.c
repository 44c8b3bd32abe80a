// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The OpRegion: a header and a VBT (video BIOS table) of our own making that names the one output.
 * Mailboxes for firmware's services are absent.
 * Source: ACPI IGD OpRegion specification; drivers/gpu/drm/i915/display/intel_vbt_defs.h
 */

#include <string.h>

#include "i915.h"

enum {
	/* OpRegion header */
	OPREGION_SIZE_KIB = 0x10,
	OPREGION_VERSION = 0x14,
	OPREGION_MAILBOXES = 0x58,
	OPREGION_CLID = 0x1ac, /* lid state, in mailbox 1 */
	OPREGION_VBT = 0x400,

	VBT_HEADER_LEN = 48,
	BDB_HEADER_LEN = 22,
	BLOCK_HEADER_LEN = 3,
	BLOCK_GENERAL_FEATURES = 1,
	BLOCK_GENERAL_FEATURES_LEN = 5,
	BLOCK_GENERAL_DEFINITIONS = 2,
	GENERAL_DEFINITIONS_LEN = 5, /* before the child devices */
	CHILD_LEN = 33,

	DEVICE_TYPE_HDMI = 0x60d2,
	DEVICE_TYPE_DP = 0x68c6,
	DVO_PORT_HDMIB = 1,
	DDC_PIN_B = 5,
};

static void put_u16(uint8_t *at, uint16_t value)
{
	at[0] = (uint8_t)value;
	at[1] = (uint8_t)(value >> 8);
}

static void put_u32(uint8_t *at, uint32_t value)
{
	put_u16(at, (uint16_t)value);
	put_u16(at + 2, (uint16_t)(value >> 16));
}

static uint8_t *begin_block(uint8_t *at, uint8_t id, uint16_t len)
{
	at[0] = id;
	put_u16(at + 1, len);
	return at + BLOCK_HEADER_LEN;
}

static uint8_t *put_display_port(uint8_t *child, uint8_t port)
{
	static const struct {
		uint8_t dvo_port, aux_channel;
	} ports[] = { [1] = { 7, 0x10 }, [3] = { 9, 0x30 } }; /* B and D */

	put_u16(child + 0, 4); /* handle: EFP 1 */
	put_u16(child + 2, DEVICE_TYPE_DP);
	child[16] = ports[port].dvo_port;
	child[25] = ports[port].aux_channel;
	return child + CHILD_LEN;
}

static uint8_t *put_hdmi_b(uint8_t *child)
{
	put_u16(child + 0, 4); /* handle: EFP 1 */
	put_u16(child + 2, DEVICE_TYPE_HDMI);
	child[16] = DVO_PORT_HDMIB;
	child[19] = DDC_PIN_B;
	return child + CHILD_LEN;
}

static void fill_vbt(uint8_t *vbt, const struct i915_output *output)
{
	uint8_t *bdb = vbt + VBT_HEADER_LEN;
	uint8_t *at = bdb + BDB_HEADER_LEN;
	uint8_t sum = 0;
	uint16_t len;

	at = begin_block(at, BLOCK_GENERAL_FEATURES, BLOCK_GENERAL_FEATURES_LEN);
	at += BLOCK_GENERAL_FEATURES_LEN;
	at = begin_block(at, BLOCK_GENERAL_DEFINITIONS, GENERAL_DEFINITIONS_LEN + CHILD_LEN);
	at[0] = 2; /* GMBUS pin of an analogue output, which is not there */
	at[4] = CHILD_LEN;
	at += GENERAL_DEFINITIONS_LEN;
	at = output->display_port ? put_display_port(at, output->port) : put_hdmi_b(at);

	memcpy(bdb, "BIOS_DATA_BLOCK ", 16);
	put_u16(bdb + 16, 186); /* version of the blocks' layout */
	put_u16(bdb + 18, BDB_HEADER_LEN);
	put_u16(bdb + 20, (uint16_t)(at - bdb));

	len = (uint16_t)(at - vbt);
	memcpy(vbt, "$VBT vGPU           ", 20);
	put_u16(vbt + 20, 155); /* version */
	put_u16(vbt + 22, VBT_HEADER_LEN);
	put_u16(vbt + 24, len);
	put_u32(vbt + 28, VBT_HEADER_LEN); /* where the BDB begins */
	for (uint16_t i = 0; i < len; i++)
		sum = (uint8_t)(sum + vbt[i]);
	vbt[26] = (uint8_t)-sum;
}

void i915_opregion_fill(struct i915 *i915)
{
	uint8_t *opregion = i915->opregion;

	memset(opregion, 0, I915_OPREGION_LEN);
	memcpy(opregion, "IntelGraphicsMem", 16);
	put_u32(opregion + OPREGION_SIZE_KIB, I915_OPREGION_LEN / 1024);
	put_u32(opregion + OPREGION_VERSION, 0x02000000);
	put_u32(opregion + OPREGION_MAILBOXES, 1u << 3); /* the VBT alone */
	put_u32(opregion + OPREGION_CLID, 3);
	fill_vbt(opregion + OPREGION_VBT, &i915->output);
}
