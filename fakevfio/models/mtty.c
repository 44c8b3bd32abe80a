/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The kernel's sample serial card: one or two UARTs in I/O BARs, much like a 16550A. What is sent
 * comes back: one FIFO is both transmitter and receiver.
 * Source: samples/vfio-mdev/mtty.c of Linux 6.1, as recorded. Its oddities are kept: a full FIFO looks
 * empty, divisors add up, COMMAND cannot be written, and interrupts are pulses without a mask.
 */

#include "models.h"

#include <fakevfio/config-space.h>
#include <fakevfio/device.h>
#include <linux/pci_regs.h>
#include <linux/serial_reg.h>
#include <linux/vfio.h>
#include <string.h>

enum {
	CONFIG_LEN = 0xff, /* one less than config space, as the sample reports it */
	CONFIG_REACH = 0x100,
	PORTS_MAX = 2,
	PORT_LEN = 8, /* registers, a byte each */
	FIFO_LEN = 16,
};

struct port {
	uint8_t ier, lcr, mcr, scr;
	uint8_t fifo[FIFO_LEN];
	uint8_t head, tail; /* the same when it is empty, and when it is full */
	uint8_t count;
	uint8_t count_max; /* 1 while the guest has not enabled the FIFO */
	uint8_t trigger_level; /* 0 until FCR is written */
	uint16_t divisor;
	bool overrun;
};

static unsigned int ports_of(const struct fv_device *dev)
{
	return dev->vgpu.type->units < PORTS_MAX ? 1 : PORTS_MAX;
}

static void fill_config(struct fv_device *dev)
{
	static const struct fv_config_id id = {
		.vendor_id = 0x4348, /* WCH */
		.device_id = 0x3253,
		.subsystem_vendor_id = 0x4348,
		.subsystem_device_id = 0x3253,
		.revision = 0x10,
		.class_code = 0x070002, /* serial controller, 16550 */
	};

	fv_config_init(dev, &id);
	memset(dev->config_writable, 0, sizeof(dev->config_writable));
	dev->config_writable[PCI_INTERRUPT_LINE] = 0xff;
	fv_config_set16(dev, PCI_COMMAND, PCI_COMMAND_IO);
	fv_config_set16(dev, PCI_STATUS, PCI_STATUS_DEVSEL_MEDIUM);
	dev->config[PCI_INTERRUPT_PIN] = 1;
	for (unsigned int i = 0; i < ports_of(dev); i++)
		fv_config_add_bar(dev, i, PORT_LEN, FV_BAR_IO);
	fv_config_set32(dev, 0x40, 0x80000023);
	fv_config_set32(dev, 0x44, 0x23);
	fv_config_set32(dev, 0x48, 0x23);
	fv_config_set32(dev, 0x4c, 0x23);
	memcpy(dev->config + 0x60, "PCI Serial/UART", 15);
}

static int mtty_init(struct fv_device *dev)
{
	const uint32_t rw = VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE;
	struct port *ports = fv_device_state(dev);

	fill_config(dev);
	for (unsigned int i = 0; i < VFIO_PCI_NUM_REGIONS; i++)
		dev->regions[i].flags = rw;
	for (unsigned int i = 0; i < PORTS_MAX; i++) {
		ports[i].count_max = FIFO_LEN;
		dev->regions[i].len = i < ports_of(dev) ? PORT_LEN : 0;
		dev->regions[i].reach = FV_REGION_OFFSET(1);
	}
	dev->regions[FV_REGION_CONFIG].len = CONFIG_LEN;
	dev->regions[FV_REGION_CONFIG].reach = CONFIG_REACH;

	dev->irqs[VFIO_PCI_INTX_IRQ_INDEX] = (struct fv_irq){
		VFIO_IRQ_INFO_EVENTFD | VFIO_IRQ_INFO_MASKABLE | VFIO_IRQ_INFO_AUTOMASKED, 1, true
	};
	dev->irqs[VFIO_PCI_MSI_IRQ_INDEX] =
		(struct fv_irq){ VFIO_IRQ_INFO_EVENTFD | VFIO_IRQ_INFO_NORESIZE, 1, true };
	dev->irqs[VFIO_PCI_REQ_IRQ_INDEX] =
		(struct fv_irq){ VFIO_IRQ_INFO_EVENTFD | VFIO_IRQ_INFO_NORESIZE, 1, true };
	dev->device_flags = VFIO_DEVICE_FLAGS_PCI;
	dev->regions_len = VFIO_PCI_NUM_REGIONS;
	dev->irqs_len = VFIO_PCI_NUM_IRQS;
	dev->habits = (struct fv_habits){
		.access_max = 4,
		.vectors_max = VFIO_PCI_NUM_IRQS,
		.never_masks = true,
	};
	return 0;
}

static bool empty(const struct port *port)
{
	return port->head == port->tail;
}

static void clear_fifo(struct port *port)
{
	port->head = port->tail = port->count = 0;
}

static void transmit(struct fv_device *dev, struct port *port, uint8_t byte)
{
	if (port->count >= port->count_max) {
		port->overrun = true;
		if (port->ier & UART_IER_RLSI)
			fv_device_interrupt(dev);
		return;
	}
	port->fifo[port->head] = byte;
	port->head = (port->head + 1) % FIFO_LEN;
	port->count++;
	port->overrun = false;
	if (port->ier & UART_IER_RDI && port->count == port->trigger_level)
		fv_device_interrupt(dev);
}

static uint8_t receive(struct fv_device *dev, struct port *port)
{
	uint8_t byte = 0;

	if (!empty(port)) {
		byte = port->fifo[port->tail];
		port->tail = (port->tail + 1) % FIFO_LEN;
		port->count--;
	}
	if (empty(port) && port->ier & UART_IER_THRI)
		fv_device_interrupt(dev);
	return byte;
}

/* all reasons at once, not the most urgent alone */
static uint8_t interrupt_identity(const struct port *port)
{
	uint8_t iir = 0;

	if (port->ier & UART_IER_RLSI && port->overrun)
		iir |= UART_IIR_RLSI;
	if (port->ier & UART_IER_RDI && port->count >= port->trigger_level)
		iir |= UART_IIR_RDI;
	if (port->ier & UART_IER_THRI && empty(port))
		iir |= UART_IIR_THRI;
	if (port->ier & UART_IER_MSI && port->mcr & (UART_MCR_RTS | UART_MCR_DTR))
		iir |= UART_IIR_MSI;
	return (iir ? iir : UART_IIR_NO_INT) | 0xc0; /* FIFOs there are, as in a 16550A */
}

static uint8_t line_status(const struct port *port)
{
	return (empty(port) ? UART_LSR_TEMT | UART_LSR_THRE : UART_LSR_DR) |
	       (port->overrun ? UART_LSR_OE : 0);
}

static uint8_t modem_status(const struct port *port)
{
	uint8_t msr = UART_MSR_DSR | UART_MSR_DDSR | UART_MSR_DCD;

	if (!(port->mcr & UART_MCR_AFE) || port->count < port->count_max)
		msr |= UART_MSR_CTS | UART_MSR_DCTS;
	return msr;
}

/* The sample reads one register an access, whatever its width; offsets are 16 bits. */
static uint64_t mtty_read(struct fv_device *dev, unsigned int region, uint64_t offset,
			  unsigned int len)
{
	struct port *port = (struct port *)fv_device_state(dev) + region;
	bool divisor = port->lcr & UART_LCR_DLAB;

	switch ((uint16_t)offset) {
	case UART_RX:
		return divisor ? port->divisor & 0xff : receive(dev, port);
	case UART_IER:
		return divisor ? port->divisor >> 8 : port->ier & 0x0f;
	case UART_IIR:
		return interrupt_identity(port);
	case UART_LCR:
		return port->lcr;
	case UART_MCR:
		return port->mcr;
	case UART_LSR:
		return line_status(port);
	case UART_MSR:
		return modem_status(port);
	case UART_SCR:
		return port->scr;
	default:
		return 0;
	}
}

static void write_ier(struct fv_device *dev, struct port *port, uint8_t byte)
{
	port->ier = byte;
	if (byte & UART_IER_THRI && empty(port))
		fv_device_interrupt(dev);
}

/* whatever trigger level is asked for, it is 1 */
static void write_fcr(struct port *port, uint8_t byte)
{
	if (byte & (UART_FCR_CLEAR_RCVR | UART_FCR_CLEAR_XMIT))
		clear_fifo(port);
	port->trigger_level = 1;
	port->count_max = byte & UART_FCR_ENABLE_FIFO ? FIFO_LEN : 1;
}

static void write_mcr(struct fv_device *dev, struct port *port, uint8_t byte)
{
	port->mcr = byte;
	if (!(port->ier & UART_IER_MSI))
		return;
	if (byte & UART_MCR_OUT2)
		fv_device_interrupt(dev);
	if (byte & (UART_MCR_RTS | UART_MCR_DTR))
		fv_device_interrupt(dev);
}

static void mtty_write(struct fv_device *dev, unsigned int region, uint64_t offset, uint64_t value,
		       unsigned int len)
{
	struct port *port = (struct port *)fv_device_state(dev) + region;
	bool divisor = port->lcr & UART_LCR_DLAB;
	uint8_t byte = value;

	switch ((uint16_t)offset) {
	case UART_TX:
		if (divisor)
			port->divisor |= byte;
		else
			transmit(dev, port, byte);
		break;
	case UART_IER:
		if (divisor)
			port->divisor |= byte << 8;
		else
			write_ier(dev, port, byte);
		break;
	case UART_FCR:
		write_fcr(port, byte);
		break;
	case UART_LCR:
		if (byte & UART_LCR_DLAB)
			port->divisor = 0;
		port->lcr = byte;
		break;
	case UART_MCR:
		write_mcr(dev, port, byte);
		break;
	case UART_SCR:
		port->scr = byte;
		break;
	}
}

/* no reset: VFIO_DEVICE_RESET answers 0 and does nothing */
const struct fv_model fv_mtty_model = {
	.name = "mtty",
	.summary = "the kernel's sample serial card, with what is sent coming back",
	.state_size = PORTS_MAX * sizeof(struct port),
	.init = mtty_init,
	.read = mtty_read,
	.write = mtty_write,
};
