/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The serial card, register by register and interrupt by interrupt.
 * Source: samples/vfio-mdev/mtty.c of Linux 6.1
 */

#include "mock-front-end.h"

#include <errno.h>
#include <fakevfio/device.h>
#include <linux/serial_reg.h>
#include <linux/vfio.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <vgpulab/cleanup.h>

#include <cmocka.h>

#define UUID "e1000000-0000-4000-8000-000000000001"

enum { INTX = MOCK_EVENTFD, MSI = MOCK_EVENTFD + 1 };

struct card {
	struct mock *mock;
	struct mock_client *client;
	struct mock_session session;
};

static int open_card(void **state)
{
	struct card *card = calloc(1, sizeof(*card));
	int group;

	card->mock = mock_create();
	card->client = mock_client_create(card->mock);
	group = mock_add_vgpu(card->mock, fake_gpu_profile_find("mtty"), 1, UUID);
	assert_int_equal(mock_open(card->client, group, UUID, &card->session), 0);
	*state = card;
	return 0;
}

static int close_card(void **state)
{
	struct card *card = *state;

	mock_close(card->mock, &card->session);
	free(card->client);
	assert_int_equal(mock_destroy(card->mock), 0);
	free(card);
	return 0;
}

static uint8_t get(struct card *card, unsigned int port, unsigned int reg)
{
	uint8_t value = 0xee;

	assert_int_equal(fv_machine_read(card->mock->machine, card->session.device,
					 FV_REGION_OFFSET(port) + reg, &value, 1),
			 1);
	return value;
}

static void put(struct card *card, unsigned int port, unsigned int reg, uint8_t value)
{
	assert_int_equal(fv_machine_write(card->mock->machine, card->session.device,
					  FV_REGION_OFFSET(port) + reg, &value, 1),
			 1);
}

static int set_irqs(struct card *card, uint32_t index, uint32_t flags, uint32_t count, int fd)
{
	/* struct vfio_irq_set, and its data */
	uint32_t set[] = { 0, flags, index, 0, count, (uint32_t)fd };

	set[0] = sizeof(set);
	return mock_ioctl_data(card->client, card->session.device, VFIO_DEVICE_SET_IRQS, set,
			       sizeof(set));
}

static void listen_on(struct card *card, uint32_t index, int fd)
{
	assert_int_equal(set_irqs(card, index,
				  VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER, 1, fd),
			 0);
}

static unsigned int signals(struct card *card, int fd)
{
	return atomic_load(&card->mock->signals[fd - MOCK_EVENTFD]);
}

static void enable_fifo(struct card *card, unsigned int port)
{
	put(card, port, UART_FCR, UART_FCR_ENABLE_FIFO | UART_FCR_CLEAR_RCVR | UART_FCR_CLEAR_XMIT);
}

static void what_is_sent_comes_back_in_order(void **state)
{
	struct card *card = *state;

	assert_int_equal(get(card, 0, UART_LSR), UART_LSR_TEMT | UART_LSR_THRE);
	for (uint8_t i = 0; i < 15; i++)
		put(card, 0, UART_TX, 'a' + i);
	assert_int_equal(get(card, 0, UART_LSR), UART_LSR_DR);
	for (uint8_t i = 0; i < 15; i++)
		assert_int_equal(get(card, 0, UART_RX), 'a' + i);
	assert_int_equal(get(card, 0, UART_LSR), UART_LSR_TEMT | UART_LSR_THRE);
}

static void ports_are_separate(void **state)
{
	struct card *card = *state;

	put(card, 0, UART_SCR, 0x11);
	put(card, 1, UART_SCR, 0x22);
	put(card, 1, UART_TX, 'x');
	assert_int_equal(get(card, 0, UART_SCR), 0x11);
	assert_int_equal(get(card, 1, UART_SCR), 0x22);
	assert_int_equal(get(card, 0, UART_LSR), UART_LSR_TEMT | UART_LSR_THRE);
	assert_int_equal(get(card, 1, UART_RX), 'x');
}

static void a_full_fifo_looks_empty_and_overruns(void **state)
{
	struct card *card = *state;

	enable_fifo(card, 0);
	for (uint8_t i = 0; i < 16; i++)
		put(card, 0, UART_TX, i);
	assert_int_equal(get(card, 0, UART_LSR), UART_LSR_TEMT | UART_LSR_THRE);
	put(card, 0, UART_TX, 16);
	assert_int_equal(get(card, 0, UART_LSR), UART_LSR_TEMT | UART_LSR_THRE | UART_LSR_OE);
	enable_fifo(card, 0);
	put(card, 0, UART_TX, 17);
	assert_int_equal(get(card, 0, UART_LSR), UART_LSR_DR);
	assert_int_equal(get(card, 0, UART_RX), 17);
}

static void without_fifo_one_byte_fits(void **state)
{
	struct card *card = *state;

	put(card, 0, UART_FCR, 0);
	put(card, 0, UART_TX, 'a');
	put(card, 0, UART_TX, 'b');
	assert_int_equal(get(card, 0, UART_LSR), UART_LSR_DR | UART_LSR_OE);
	assert_int_equal(get(card, 0, UART_RX), 'a');
}

static void divisor_is_behind_dlab(void **state)
{
	struct card *card = *state;

	put(card, 0, UART_LCR, UART_LCR_DLAB | UART_LCR_WLEN8);
	put(card, 0, UART_DLL, 0x34);
	put(card, 0, UART_DLM, 0x12);
	assert_int_equal(get(card, 0, UART_DLL), 0x34);
	assert_int_equal(get(card, 0, UART_DLM), 0x12);
	put(card, 0, UART_LCR, UART_LCR_WLEN8);
	assert_int_equal(get(card, 0, UART_LCR), UART_LCR_WLEN8);
	assert_int_equal(get(card, 0, UART_IER), 0);
	assert_int_equal(get(card, 0, UART_LSR), UART_LSR_TEMT | UART_LSR_THRE);
}

static void modem_status_tells_of_room_under_flow_control(void **state)
{
	struct card *card = *state;
	const uint8_t there = UART_MSR_DSR | UART_MSR_DDSR | UART_MSR_DCD;

	put(card, 0, UART_FCR, 0);
	put(card, 0, UART_TX, 'a');
	assert_int_equal(get(card, 0, UART_MSR), there | UART_MSR_CTS | UART_MSR_DCTS);
	put(card, 0, UART_MCR, UART_MCR_AFE);
	assert_int_equal(get(card, 0, UART_MSR), there);
	get(card, 0, UART_RX);
	assert_int_equal(get(card, 0, UART_MSR), there | UART_MSR_CTS | UART_MSR_DCTS);
}

static void received_byte_interrupts_and_is_identified(void **state)
{
	struct card *card = *state;

	listen_on(card, VFIO_PCI_INTX_IRQ_INDEX, INTX);
	enable_fifo(card, 0);
	put(card, 0, UART_IER, UART_IER_RDI);
	assert_int_equal(get(card, 0, UART_IIR), UART_IIR_NO_INT | 0xc0);
	put(card, 0, UART_TX, 'a');
	assert_int_equal(signals(card, INTX), 1);
	assert_int_equal(get(card, 0, UART_IIR), UART_IIR_RDI | 0xc0);
	put(card, 0, UART_TX, 'b'); /* beyond the trigger level */
	assert_int_equal(signals(card, INTX), 1);
	get(card, 0, UART_RX);
	get(card, 0, UART_RX);
	assert_int_equal(get(card, 0, UART_IIR), UART_IIR_NO_INT | 0xc0);
}

static void empty_transmitter_interrupts_when_asked_and_when_drained(void **state)
{
	struct card *card = *state;

	listen_on(card, VFIO_PCI_INTX_IRQ_INDEX, INTX);
	enable_fifo(card, 1);
	put(card, 1, UART_IER, UART_IER_THRI);
	assert_int_equal(signals(card, INTX), 1);
	assert_int_equal(get(card, 1, UART_IIR), UART_IIR_THRI | 0xc0);
	put(card, 1, UART_TX, 'a');
	assert_int_equal(get(card, 1, UART_IIR), UART_IIR_NO_INT | 0xc0);
	get(card, 1, UART_RX);
	assert_int_equal(signals(card, INTX), 2);
}

static void overrun_and_modem_lines_interrupt(void **state)
{
	struct card *card = *state;

	listen_on(card, VFIO_PCI_INTX_IRQ_INDEX, INTX);
	put(card, 0, UART_FCR, 0);
	put(card, 0, UART_IER, UART_IER_RLSI | UART_IER_MSI);
	put(card, 0, UART_TX, 'a');
	assert_int_equal(signals(card, INTX), 0);
	put(card, 0, UART_TX, 'b');
	assert_int_equal(signals(card, INTX), 1);
	assert_int_equal(get(card, 0, UART_IIR), UART_IIR_RLSI | 0xc0);
	put(card, 0, UART_MCR, UART_MCR_DTR | UART_MCR_OUT2);
	assert_int_equal(signals(card, INTX), 3);
	assert_int_equal(get(card, 0, UART_IIR), UART_IIR_RLSI | UART_IIR_MSI | 0xc0);
}

static void every_interrupt_reaches_its_eventfd_masked_or_not(void **state)
{
	struct card *card = *state;

	listen_on(card, VFIO_PCI_INTX_IRQ_INDEX, INTX);
	assert_int_equal(set_irqs(card, VFIO_PCI_INTX_IRQ_INDEX,
				  VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_MASK, 1, 0),
			 0);
	put(card, 0, UART_IER, UART_IER_THRI);
	put(card, 0, UART_IER, UART_IER_THRI);
	assert_int_equal(signals(card, INTX), 2);
	assert_int_equal(set_irqs(card, VFIO_PCI_INTX_IRQ_INDEX,
				  VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_UNMASK, 1, 0),
			 0);
	assert_int_equal(signals(card, INTX), 2);
}

static void msi_takes_over_and_intx_comes_back(void **state)
{
	struct card *card = *state;

	listen_on(card, VFIO_PCI_INTX_IRQ_INDEX, INTX);
	listen_on(card, VFIO_PCI_MSI_IRQ_INDEX, MSI);
	put(card, 0, UART_IER, UART_IER_THRI);
	assert_int_equal(signals(card, INTX), 0);
	assert_int_equal(signals(card, MSI), 1);
	assert_int_equal(set_irqs(card, VFIO_PCI_MSI_IRQ_INDEX,
				  VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_TRIGGER, 0, 0),
			 0);
	put(card, 0, UART_IER, UART_IER_THRI);
	assert_int_equal(signals(card, INTX), 1);
	assert_int_equal(signals(card, MSI), 1);
}

static void set_irqs_counts_every_index_as_five(void **state)
{
	struct card *card = *state;
	const uint32_t mask = VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_MASK;

	assert_int_equal(set_irqs(card, VFIO_PCI_MSIX_IRQ_INDEX, mask, 5, 0), 0);
	assert_int_equal(set_irqs(card, VFIO_PCI_ERR_IRQ_INDEX, mask, 1, 0), 0);
	assert_int_equal(set_irqs(card, VFIO_PCI_ERR_IRQ_INDEX, mask, 6, 0), -EINVAL);
	assert_int_equal(set_irqs(card, VFIO_PCI_NUM_IRQS, mask, 1, 0), -EINVAL);
}

static void one_access_is_one_register_whatever_its_width(void **state)
{
	struct card *card = *state;
	uint32_t word = 0x44434241;
	uint64_t wide = UINT64_MAX;

	put(card, 0, UART_MCR, 0x1f);
	assert_int_equal(fv_machine_write(card->mock->machine, card->session.device,
					  FV_REGION_OFFSET(0), &word, 4),
			 4);
	/* two accesses of 4 bytes: the receiver, and the modem's control */
	assert_int_equal(fv_machine_read(card->mock->machine, card->session.device,
					 FV_REGION_OFFSET(0), &wide, 8),
			 8);
	assert_int_equal(wide, UINT64_C(0x0000001f00000041));
	assert_int_equal(get(card, 0, UART_LSR), UART_LSR_TEMT | UART_LSR_THRE);
}

#define CARD_TEST(name) cmocka_unit_test_setup_teardown(name, open_card, close_card)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CARD_TEST(what_is_sent_comes_back_in_order),
		CARD_TEST(ports_are_separate),
		CARD_TEST(a_full_fifo_looks_empty_and_overruns),
		CARD_TEST(without_fifo_one_byte_fits),
		CARD_TEST(divisor_is_behind_dlab),
		CARD_TEST(modem_status_tells_of_room_under_flow_control),
		CARD_TEST(received_byte_interrupts_and_is_identified),
		CARD_TEST(empty_transmitter_interrupts_when_asked_and_when_drained),
		CARD_TEST(overrun_and_modem_lines_interrupt),
		CARD_TEST(every_interrupt_reaches_its_eventfd_masked_or_not),
		CARD_TEST(msi_takes_over_and_intx_comes_back),
		CARD_TEST(set_irqs_counts_every_index_as_five),
		CARD_TEST(one_access_is_one_register_whatever_its_width),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
