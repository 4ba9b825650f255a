/* What is called in batches: any number of round trips of one vCPU. */

static struct kvm_vcpu vcpu;

void set_up(int host, int used, u64 vtr)
{
	struct vgic_v3_cpu_if *cpu_if = &vcpu.arch.vgic_cpu.vgic_v3;
	int n;

	vhe = host;
	regs[ICH_VTR_EL2] = vtr;
	keep_hcr = 0xf8001dff | (vtr >> 22 & 1) << 13 | (vtr >> 19 & 1) << 14 | (vtr >> 18 & 1) << 15;
	keep_lr = 0xf800ffffffffffffULL & ~(7ULL << 45);
	keep_lr |= (u64)(0xff << (7 - (vtr >> 29 & 7)) & 0xff) << 48;
	vcpu.arch.vgic_cpu.used_lrs = used;
	cpu_if->vgic_hcr = 1;
	cpu_if->vgic_sre = 7;
	for (n = 0; n < 16; n++)
		cpu_if->vgic_lr[n] = n < used ? 1ULL << 62 | 0xa0ULL << 48 | (32 + n) : 0;
}

u64 held(int n)
{
	return vcpu.arch.vgic_cpu.vgic_v3.vgic_lr[n];
}

u64 stored(int reg)
{
	return regs[ICH_LR0_EL2 + reg];
}

void trips(long count)
{
	while (count--) {
		if (vhe)
			__vgic_v3_restore_state(&vcpu);
		else
			__vgic_restore_state(&vcpu);
		fence();
		if (vhe)
			__vgic_v3_save_state(&vcpu);
		else
			__vgic_save_state(&vcpu);
		fence();
	}
}
