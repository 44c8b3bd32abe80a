/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * GVT-g's types and its arithmetic, and the samples'. Numbers come from the driver's formula, done
 * by hand: low = aperture - 128 MiB, high = 4096 MiB - aperture - 384 MiB, 28 fences.
 */
#include "cases.h"

#define AVAILABLE(n)	"get $MT/" n "/available_instances"
#define NAMED(n)	"$PRE" n
#define CREATE(n, uuid) "put $MT/$PRE" n "/create " uuid " = 36;"
#define AP_OPS		"drivers/s390/crypto/vfio_ap_ops.c"
#define GVT(mib)	.kinds = CONFORMANCE_GVTG, .aperture_mib = mib

static const struct conformance_case cases[] = {
	{ "256 MiB: two types", "gvt/vgpu.c", "ls $MT = " NAMED("4") " " NAMED("8"), GVT(256) },
	{ "256 MiB: fresh", "gvt/vgpu.c", "get $A = 2\\n; get $A2 = 1\\n", GVT(256) },
	{ "256 MiB: one _8", "gvt/vgpu.c", "put $C $U = 36; get $A = 1\\n; get $A2 = 0\\n",
	  GVT(256) },
	{ "256 MiB: one _4", "gvt/vgpu.c",
	  "put $C2 $U = 36; get $A = 0\\n; get $A2 = 0\\n; put $C $V = ENOSPC", GVT(256) },
	{ "256 MiB: three _8 do not fit", "gvt/vgpu.c", "fill $C = 2 ENOSPC", GVT(256) },
	{ "512 MiB: three types", "gvt/vgpu.c",
	  "ls $MT = " NAMED("2") " " NAMED("4") " " NAMED("8"), GVT(512) },
	{ "512 MiB: the types in the order of hashes", KERNFS_HASH,
	  "order $MT = i915-GVTg_V5_8 i915-GVTg_V5_4 i915-GVTg_V5_2|"
	  "i915-GVTg_V4_2 i915-GVTg_V4_8 i915-GVTg_V4_4",
	  GVT(512) },
	{ "512 MiB: fresh", "gvt/vgpu.c",
	  "get $A = 6\\n; get $A2 = 3\\n; " AVAILABLE(NAMED("2")) " = 1\\n", GVT(512) },
	{ "512 MiB: one _8", "gvt/vgpu.c",
	  CREATE("8", "$U") "get $A = 5\\n; get $A2 = 2\\n; " AVAILABLE(NAMED("2")) " = 1\\n",
	  GVT(512) },
	{ "512 MiB: one _4", "gvt/vgpu.c",
	  CREATE("4", "$U") "get $A = 4\\n; get $A2 = 2\\n; " AVAILABLE(NAMED("2")) " = 1\\n",
	  GVT(512) },
	{ "512 MiB: one _2", "gvt/vgpu.c",
	  CREATE("2", "$U") "get $A = 2\\n; get $A2 = 1\\n; " AVAILABLE(NAMED("2")) " = 0\\n",
	  GVT(512) },
	{ "512 MiB: _8, _8, _4, then no _2", "gvt/vgpu.c",
	  CREATE("8", "$U") CREATE("8", "$V") CREATE(
		  "4", "$W") "get $A = 2\\n; get $A2 = 1\\n;"
			     "put $MT/$PRE2/create d0000000-0000-4000-8000-000000000000 = ENOSPC",
	  GVT(512) },
	{ "512 MiB: _2, _4, then nothing", "gvt/vgpu.c",
	  CREATE("2", "$U") CREATE("4", "$V") "get $A = 0\\n; get $A2 = 0\\n; put $C $W = ENOSPC",
	  GVT(512) },
	{ "512 MiB: six _8", "gvt/vgpu.c", "fill $C = 6 ENOSPC; get $A = 0\\n; get $A2 = 0\\n",
	  GVT(512) },
	{ "512 MiB: three _4", "gvt/vgpu.c", "fill $C2 = 3 ENOSPC; get $A = 0\\n", GVT(512) },
	{ "1024 MiB: four types", "gvt/vgpu.c",
	  "ls $MT = " NAMED("1") " " NAMED("2") " " NAMED("4") " " NAMED("8"), GVT(1024) },
	{ "1024 MiB: fresh", "gvt/vgpu.c",
	  "get $A = 7\\n; get $A2 = 5\\n; " AVAILABLE(NAMED("2")) " = 2\\n; " AVAILABLE(
		  NAMED("1")) " = 1\\n",
	  GVT(1024) },
	{ "1024 MiB: one _8", "gvt/vgpu.c",
	  CREATE("8", "$U") "get $A = 6\\n; get $A2 = 4\\n; " AVAILABLE(
		  NAMED("2")) " = 2\\n; " AVAILABLE(NAMED("1")) " = 1\\n",
	  GVT(1024) },
	{ "1024 MiB: one _4", "gvt/vgpu.c",
	  CREATE("4", "$U") "get $A = 5\\n; get $A2 = 4\\n; " AVAILABLE(
		  NAMED("2")) " = 2\\n; " AVAILABLE(NAMED("1")) " = 1\\n",
	  GVT(1024) },
	{ "1024 MiB: one _2", "gvt/vgpu.c",
	  CREATE("2", "$U") "get $A = 4\\n; get $A2 = 3\\n; " AVAILABLE(
		  NAMED("2")) " = 1\\n; " AVAILABLE(NAMED("1")) " = 0\\n",
	  GVT(1024) },
	{ "1024 MiB: one _1", "gvt/vgpu.c",
	  CREATE("1", "$U") "get $A = 1\\n; get $A2 = 1\\n; " AVAILABLE(
		  NAMED("2")) " = 0\\n; " AVAILABLE(NAMED("1")) " = 0\\n",
	  GVT(1024) },
	{ "1024 MiB: _1, _8, then nothing", "gvt/vgpu.c",
	  CREATE("1", "$U") CREATE("8", "$V") "get $A = 0\\n; put $C $W = ENOSPC", GVT(1024) },
	{ "1024 MiB: seven _8, never eight", "gvt/vgpu.c", "fill $C = 7 ENOSPC", GVT(1024) },
	{ "1024 MiB: five _4", "gvt/vgpu.c", "fill $C2 = 5 ENOSPC", GVT(1024) },
	{ "1024 MiB: two _2", "gvt/vgpu.c", "fill $MT/$PRE2/create = 2 ENOSPC", GVT(1024) },
	{ "a type's name", "gvt/vgpu.c",
	  "get $T/name = ~GVTg_V[45]_8\\\\n; get $T2/name = ~GVTg_V[45]_4\\\\n",
	  .kinds = CONFORMANCE_GVTG },
	{ "the description of _8", "gvt/kvmgt.c",
	  "get $T/description = low_gm_size: 64MB\\nhigh_gm_size: 384MB\\nfence: 4\\nresolution: 1024x768\\nweight: 2\\n",
	  .kinds = CONFORMANCE_GVTG },
	{ "the description of _4", "gvt/kvmgt.c",
	  "get $T2/description = low_gm_size: 128MB\\nhigh_gm_size: 512MB\\nfence: 4\\nresolution: 1920x1200\\nweight: 4\\n",
	  .kinds = CONFORMANCE_GVTG },
	{ "mtty: ports", "samples/vfio-mdev/mtty.c",
	  "get $A = 24\\n; get $A2 = 12\\n; put $C2 $U = 36; get $A = 22\\n; get $A2 = 11\\n; put $C $V = 36; get $A = 21\\n",
	  .kinds = CONFORMANCE_MTTY },
	{ "mtty: names", "samples/vfio-mdev/mtty.c",
	  "get $T/name = Single port serial\\n; get $T2/name = Dual port serial\\n",
	  .kinds = CONFORMANCE_MTTY },
	{ "mdpy: four in all", "samples/vfio-mdev/mdpy.c",
	  "get $A = 4\\n; get $A2 = 4\\n; put $C $U = 36; get $A = 3\\n; get $A2 = 3\\n; fill $C2 = 3 EUSERS; put $C $V = EUSERS",
	  .kinds = CONFORMANCE_MDPY },
	{ "mdpy: description", "samples/vfio-mdev/mdpy.c",
	  "get $T/description = virtual display, 640x480 framebuffer\\n; get $T2/description = virtual display, 1024x768 framebuffer\\n",
	  .kinds = CONFORMANCE_MDPY },
	{ "mbochs: megabytes", "samples/vfio-mdev/mbochs.c",
	  "get $A = 64\\n; get $A2 = 16\\n; put $C $U = 36; get $A = 63\\n; get $A2 = 15\\n; put $C2 $V = 36; get $A = 59\\n",
	  .kinds = CONFORMANCE_MBOCHS },
	{ "mbochs: description", "samples/vfio-mdev/mbochs.c",
	  "get $T/description = virtual display, 4 MB video memory\\n",
	  .kinds = CONFORMANCE_MBOCHS },
	{ "nvidia: one type at a time", "NVIDIA's Virtual GPU Software User Guide",
	  "get $A = 8\\n; get $A2 = 4\\n; put $C $U = 36; get $A = 7\\n; get $A2 = 0\\n;"
	  "put $C2 $V = ENOSPC; put $R 1 = 1; get $A2 = 4\\n",
	  .kinds = CONFORMANCE_NVIDIA },
	{ "nvidia: names and descriptions", "NVIDIA's Virtual GPU Software User Guide",
	  "get $T/name = GRID P4-1Q\\n; get $T/description = ~num_heads=[124], frl_config=*, "
	  "framebuffer=1024M, max_resolution=*, max_instance=8\\\\n",
	  .kinds = CONFORMANCE_NVIDIA },
	{ "nvidia: a vGPU's attributes", "NVIDIA's Virtual GPU Software User Guide",
	  "put $C $U = 36; ls $D/nvidia = vgpu_params vm_name; there $D/nvidia/vgpu_params = yes",
	  .kinds = CONFORMANCE_NVIDIA },
	{ "vfio-ccw: one in all", "drivers/s390/cio/vfio_ccw_ops.c",
	  "ls $MT = $TN; get $T/name = I/O subchannel (Non-QDIO)\\n; get $A = 1\\n; put $C $U = 36; get $A = 0\\n;"
	  "put $C d0000000-0000-4000-8000-000000000000 = EUSERS; put $R 1 = 1; get $A = 1\\n",
	  .kinds = CONFORMANCE_CCW },
	{ "vfio-ap: one less", AP_OPS,
	  "ls $MT = $TN; get $T/name = VFIO AP Passthrough Device\\n; get $A = 65536\\n; put $C $U = 36; get $A = 65535\\n",
	  .kinds = CONFORMANCE_AP },
	{ "vfio-ap: the matrix is adapters by domains", "Documentation/s390/vfio-ap.rst",
	  "put $C $U = 36; get $D/matrix = ; put $D/assign_adapter 5 = 1; get $D/matrix = 05.\\n;"
	  "put $D/assign_domain 4 = 1; get $D/matrix = 05.0004\\n; put $D/assign_domain 0xab\\n = 5;"
	  "put $D/assign_adapter 6 = 1; get $D/matrix = 05.0004\\n05.00ab\\n06.0004\\n06.00ab\\n;"
	  "put $D/unassign_adapter 5 = 1; put $D/unassign_adapter 6 = 1; get $D/matrix = .0004\\n.00ab\\n",
	  .kinds = CONFORMANCE_AP },
	{ "vfio-ap: control domains", AP_OPS,
	  "put $C $U = 36; get $D/control_domains = ; put $D/assign_control_domain 0xab = 4; "
	  "get $D/control_domains = 00ab\\n; put $D/unassign_control_domain 171 = 3; get $D/control_domains = ",
	  .kinds = CONFORMANCE_AP },
	{ "vfio-ap: what there is not", AP_OPS,
	  "put $C $U = 36; put $D/assign_adapter 256 = ENODEV; put $D/assign_domain 256 = ENODEV;"
	  "put $D/assign_control_domain 256 = ENODEV; put $D/assign_adapter x = EINVAL; get $D/matrix = ",
	  .kinds = CONFORMANCE_AP },
	{ "vfio-ap: modes", AP_OPS,
	  "put $C $U = 36; stat $D/assign_adapter = file 0200 size=4096; stat $D/matrix = file 0444 size=4096;"
	  "get $D/assign_adapter = EACCES|EIO",
	  .kinds = CONFORMANCE_AP },
};

CONFORMANCE_TABLE(conformance_gvtg, "Types and their arithmetic", cases);
