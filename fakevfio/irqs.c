/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Interrupts: who wants to be told, and telling them.
 * Source: drivers/vfio/pci/vfio_pci_intrs.c and vfio_main.c of Linux 6.1
 */

#include "machine-private.h"

#include <errno.h>
#include <fakevfio/config-space.h>
#include <linux/pci_regs.h>
#include <linux/vfio.h>
#include <string.h>

static void send(struct fv_open_device *device, int eventfd)
{
	if (eventfd)
		device->machine->ops->signal(device->machine->front_end, eventfd);
}

static void signal_intx(struct fv_open_device *device)
{
	struct fv_irq_state *intx = &device->irqs[VFIO_PCI_INTX_IRQ_INDEX];
	bool disabled = fv_config_get16(&device->dev, PCI_COMMAND) & PCI_COMMAND_INTX_DISABLE;

	if (!intx->trigger[0])
		return;
	if (device->dev.habits.never_masks) {
		send(device, intx->trigger[0]);
		return;
	}
	if (intx->masked || disabled) {
		intx->pending = true;
		return;
	}
	intx->pending = false;
	/*
	 * Masked until the client says that the guest has dealt with it. With a resample eventfd
	 * KVM says so to the kernel alone: then nothing would ever unmask it.
	 */
	intx->masked = !intx->unmask &&
		       device->dev.irqs[VFIO_PCI_INTX_IRQ_INDEX].flags & VFIO_IRQ_INFO_AUTOMASKED;
	send(device, intx->trigger[0]);
}

static void unmask_intx(struct fv_open_device *device)
{
	struct fv_irq_state *intx = &device->irqs[VFIO_PCI_INTX_IRQ_INDEX];

	intx->masked = false;
	if (intx->pending)
		signal_intx(device);
}

void fv_device_signal(struct fv_device *dev, unsigned int irq, unsigned int vector)
{
	struct fv_open_device *device = (struct fv_open_device *)dev;

	if (irq >= FV_IRQS_MAX || vector >= FV_VECTORS_MAX)
		return;
	if (irq == VFIO_PCI_INTX_IRQ_INDEX) {
		signal_intx(device);
		return;
	}
	if (irq == VFIO_PCI_MSI_IRQ_INDEX && dev->msi_offset && !fv_config_msi_deliver(dev, vector))
		return;
	send(device, device->irqs[irq].trigger[vector]);
}

void fv_device_interrupt(struct fv_device *dev)
{
	const struct fv_open_device *device = (struct fv_open_device *)dev;

	if (dev->msi_offset ? fv_config_msi_enabled(dev)
			    : device->irqs[VFIO_PCI_MSI_IRQ_INDEX].trigger[0] != 0)
		fv_device_signal(dev, VFIO_PCI_MSI_IRQ_INDEX, 0);
	else
		fv_device_signal(dev, VFIO_PCI_INTX_IRQ_INDEX, 0);
}

/** The guest may have unmasked what is pending. */
void fv_irqs_config_written(struct fv_open_device *device)
{
	struct fv_device *dev = &device->dev;
	const struct fv_irq_state *intx = &device->irqs[VFIO_PCI_INTX_IRQ_INDEX];
	uint32_t ready = fv_config_msi_ready(dev);

	for (; ready; ready &= ready - 1)
		fv_device_signal(dev, VFIO_PCI_MSI_IRQ_INDEX, __builtin_ctz(ready));
	if (intx->pending && !intx->masked)
		signal_intx(device);
}

void fv_irqs_reset(struct fv_open_device *device)
{
	struct fv_irq_state *intx = &device->irqs[VFIO_PCI_INTX_IRQ_INDEX];

	intx->masked = intx->pending = false;
}

void fv_irqs_finish(struct fv_open_device *device)
{
	struct fv_machine *machine = device->machine;

	for (unsigned int i = 0; i < FV_IRQS_MAX; i++) {
		struct fv_irq_state *state = &device->irqs[i];

		for (unsigned int vector = 0; vector < FV_VECTORS_MAX; vector++)
			if (state->trigger[vector])
				machine->ops->drop_eventfd(machine->front_end,
							   state->trigger[vector]);
		if (state->unmask)
			machine->ops->drop_eventfd(machine->front_end, state->unmask);
	}
}

int64_t fv_ioctl_device_get_irq_info(struct fv_call *call)
{
	const struct fv_device *dev = &call->handle->device->dev;
	struct vfio_irq_info info;

	memcpy(&info, call->in.bytes, sizeof(info));
	if (info.index >= dev->irqs_len || info.index >= FV_IRQS_MAX ||
	    !dev->irqs[info.index].known)
		return -EINVAL;
	info.flags = dev->irqs[info.index].flags;
	info.count = dev->irqs[info.index].count;
	return fv_call_copy_out(call, 0, &info, sizeof(info));
}

/* What SET_IRQS is to do, once checked. */
struct request {
	uint32_t index, start, count;
	uint32_t data_type, action; /* VFIO_IRQ_SET_DATA_*, VFIO_IRQ_SET_ACTION_* */
	uint8_t bools[FV_VECTORS_MAX];
	int eventfds[FV_VECTORS_MAX]; /* taken; 0 where the client gave -1 */
	int old[FV_VECTORS_MAX]; /* to be dropped when all is done */
};

static int trigger_msi_or_single(struct fv_open_device *device, struct request *request)
{
	struct fv_irq_state *state = &device->irqs[request->index];

	for (uint32_t i = 0; i < request->count; i++) {
		int *trigger = &state->trigger[request->start + i];

		if (request->data_type == VFIO_IRQ_SET_DATA_EVENTFD) {
			request->old[i] = *trigger;
			*trigger = request->eventfds[i];
			request->eventfds[i] = 0;
		} else if (request->bools[i]) {
			send(device, *trigger);
		}
	}
	return 0;
}

/* DATA_NONE with count 0: no more interrupts of this index */
static int disable_index(struct fv_open_device *device, struct request *request)
{
	struct fv_irq_state *state = &device->irqs[request->index];

	memcpy(request->old, state->trigger, sizeof(request->old));
	memset(state->trigger, 0, sizeof(state->trigger));
	state->masked = state->pending = false;
	return 0;
}

static int set_trigger(struct fv_open_device *device, struct request *request)
{
	if (device->dev.habits.plain_msi && request->data_type != VFIO_IRQ_SET_DATA_EVENTFD &&
	    request->count)
		return 0;
	if (request->data_type == VFIO_IRQ_SET_DATA_NONE && !request->count)
		return disable_index(device, request);
	if (request->index == VFIO_PCI_INTX_IRQ_INDEX &&
	    request->data_type == VFIO_IRQ_SET_DATA_EVENTFD)
		device->irqs[request->index].masked = device->irqs[request->index].pending = false;
	return trigger_msi_or_single(device, request);
}

static int set_mask(struct fv_open_device *device, struct request *request)
{
	if (device->dev.habits.never_masks)
		return 0;
	if (request->index != VFIO_PCI_INTX_IRQ_INDEX)
		return -ENOTTY;
	if (request->data_type == VFIO_IRQ_SET_DATA_EVENTFD)
		return -ENOTTY; /* as vfio-pci: nobody has asked for it */
	if (request->count && request->bools[0])
		device->irqs[request->index].masked = true;
	return 0;
}

static int set_unmask(struct fv_open_device *device, struct request *request)
{
	if (device->dev.habits.never_masks)
		return 0;
	if (request->index != VFIO_PCI_INTX_IRQ_INDEX)
		return -ENOTTY;
	if (request->data_type == VFIO_IRQ_SET_DATA_EVENTFD) {
		struct fv_irq_state *intx = &device->irqs[request->index];

		if (!request->count)
			return 0;
		request->old[0] = intx->unmask;
		intx->unmask = request->eventfds[0];
		request->eventfds[0] = 0;
		if (intx->unmask)
			unmask_intx(device);
	} else if (request->count && request->bools[0]) {
		unmask_intx(device);
	}
	return 0;
}

static const struct {
	uint32_t action;
	int (*set)(struct fv_open_device *device, struct request *request);
} actions[] = {
	{ VFIO_IRQ_SET_ACTION_MASK, set_mask },
	{ VFIO_IRQ_SET_ACTION_UNMASK, set_unmask },
	{ VFIO_IRQ_SET_ACTION_TRIGGER, set_trigger },
};

/* Source: vfio_set_irqs_validate_and_prepare(). The length of the data, or -EINVAL. */
static int check_request(const struct fv_device *dev, const struct vfio_irq_set *set)
{
	const uint32_t known = VFIO_IRQ_SET_DATA_TYPE_MASK | VFIO_IRQ_SET_ACTION_TYPE_MASK;
	uint32_t vectors, size;

	if (set->index >= dev->irqs_len || set->index >= FV_IRQS_MAX ||
	    set->count >= UINT32_MAX - set->start || set->flags & ~known)
		return -EINVAL;
	vectors = dev->irqs[set->index].known ? dev->irqs[set->index].count : 0;
	if (dev->habits.vectors_max)
		vectors = dev->habits.vectors_max;
	if (vectors > FV_VECTORS_MAX)
		vectors = FV_VECTORS_MAX;
	if (set->start >= vectors || set->start + set->count > vectors)
		return -EINVAL;
	switch (set->flags & VFIO_IRQ_SET_DATA_TYPE_MASK) {
	case VFIO_IRQ_SET_DATA_NONE:
		size = 0;
		break;
	case VFIO_IRQ_SET_DATA_BOOL:
		size = sizeof(uint8_t);
		break;
	case VFIO_IRQ_SET_DATA_EVENTFD:
		size = sizeof(int32_t);
		break;
	default:
		return -EINVAL;
	}
	if (set->argsz - sizeof(*set) < set->count * size)
		return -EINVAL;
	return set->count * size;
}

static bool is_deaf_to(const struct fv_device *dev, const struct request *request)
{
	return dev->habits.deaf_intx && request->index == VFIO_PCI_INTX_IRQ_INDEX &&
	       (request->action == VFIO_IRQ_SET_ACTION_MASK ||
		request->action == VFIO_IRQ_SET_ACTION_UNMASK ||
		request->action == VFIO_IRQ_SET_ACTION_TRIGGER);
}

/* The data must be there, and is not looked at: not even whether an eventfd is one. */
static int hear_nothing(struct fv_call *call, size_t len)
{
	uint8_t data[FV_VECTORS_MAX * sizeof(int32_t)];

	return len ? fv_call_copy_in(call, sizeof(struct vfio_irq_set), data, len) : 0;
}

static void drop_eventfds(struct fv_machine *machine, const int *eventfds)
{
	for (unsigned int i = 0; i < FV_VECTORS_MAX; i++)
		if (eventfds[i])
			machine->ops->drop_eventfd(machine->front_end, eventfds[i]);
}

/* Fetches what follows the struct: eventfds are taken, none if one is bad. */
static int fetch_data(struct fv_call *call, struct request *request, size_t len)
{
	const struct fv_machine *machine = call->machine;
	int32_t fds[FV_VECTORS_MAX];

	switch (request->data_type) {
	case VFIO_IRQ_SET_DATA_NONE: /* the same for each vector named */
		memset(request->bools, 1, request->count);
		return 0;
	case VFIO_IRQ_SET_DATA_BOOL:
		return fv_call_copy_in(call, sizeof(struct vfio_irq_set), request->bools, len);
	}
	if (fv_call_copy_in(call, sizeof(struct vfio_irq_set), fds, len))
		return -EFAULT;
	for (uint32_t i = 0; i < request->count; i++) {
		int taken;

		if (fds[i] < 0 && call->handle->device->dev.habits.plain_msi) {
			drop_eventfds(call->machine, request->eventfds);
			return -EBADF;
		}
		if (fds[i] < 0)
			continue;
		taken = machine->ops->take_eventfd(call->client, fds[i]);
		if (taken <= 0) {
			drop_eventfds(call->machine, request->eventfds);
			return taken ? taken : -EINVAL;
		}
		request->eventfds[i] = taken;
	}
	return 0;
}

int64_t fv_ioctl_device_set_irqs(struct fv_call *call)
{
	struct fv_open_device *device = call->handle->device;
	struct request request = { 0 };
	struct vfio_irq_set set;
	int result;

	memcpy(&set, call->in.bytes, sizeof(set));
	result = check_request(&device->dev, &set);
	if (result < 0)
		return result;
	request.index = set.index;
	request.start = set.start;
	request.count = set.count;
	request.data_type = set.flags & VFIO_IRQ_SET_DATA_TYPE_MASK;
	request.action = set.flags & VFIO_IRQ_SET_ACTION_TYPE_MASK;
	if (is_deaf_to(&device->dev, &request))
		return hear_nothing(call, (size_t)result);
	result = fetch_data(call, &request, result);
	if (result)
		return result;

	result = -ENOTTY;
	fv_device_lock(device);
	for (size_t i = 0; i < VGPU_ARRAY_LEN(actions); i++)
		if (actions[i].action == request.action)
			result = actions[i].set(device, &request);
	fv_device_unlock(device);
	drop_eventfds(call->machine, request.eventfds);
	drop_eventfds(call->machine, request.old);
	return result;
}
