/*
 * The registers of a GICv3 as an array, and the names that the generated C asks the kernel for.
 *
 * A write to a list register or to ICH_HCR_EL2 is legalised and ICH_ELRSR_EL2 is computed, as the
 * platform file says, for an ICH_VTR_EL2 that is known when this is run.  A barrier keeps the
 * compiler from moving memory accesses and does nothing else.
 */
typedef unsigned int u32;
typedef unsigned long long u64;

enum {
	ICC_SRE_EL1, ICC_SRE_EL2, ICH_HCR_EL2, ICH_VTR_EL2, ICH_VMCR_EL2, ICH_ELSR_EL2,
	ICH_AP0R0_EL2, ICH_AP0R1_EL2, ICH_AP0R2_EL2, ICH_AP0R3_EL2,
	ICH_AP1R0_EL2, ICH_AP1R1_EL2, ICH_AP1R2_EL2, ICH_AP1R3_EL2,
	ICH_LR0_EL2, ICH_LR1_EL2, ICH_LR2_EL2, ICH_LR3_EL2,
	ICH_LR4_EL2, ICH_LR5_EL2, ICH_LR6_EL2, ICH_LR7_EL2,
	ICH_LR8_EL2, ICH_LR9_EL2, ICH_LR10_EL2, ICH_LR11_EL2,
	ICH_LR12_EL2, ICH_LR13_EL2, ICH_LR14_EL2, ICH_LR15_EL2,
	REGISTERS
};

#define ICH_HCR_EN 1u
#define ICH_LR_STATE (3ULL << 62)
#define ICC_SRE_EL2_ENABLE 8u
#define ICC_SRE_EL2_SRE 1u

static u64 regs[REGISTERS], keep_lr, keep_hcr;
static int vhe;

#define __hyp_text
#define unreachable() __builtin_unreachable()
#define fence() __asm__ volatile("" ::: "memory")
#define isb() fence()
#define dsb(option) fence()
#define has_vhe() vhe
#define static_branch_unlikely(key) (*(key))
#define kern_hyp_va(pointer) (pointer)
#define vtr_to_nr_pre_bits(vtr) ((((u32)(vtr) >> 26) & 7) + 1)
#define vtr_to_max_lr_idx(vtr) ((vtr) & 0x1f)

static inline u64 read_gicreg(int reg)
{
	u64 free = 0;
	int n;

	if (reg != ICH_ELSR_EL2)
		return regs[reg];
	for (n = 0; n <= (int)(regs[ICH_VTR_EL2] & 0x1f) && n < 16; n++) {
		u64 lr = regs[ICH_LR0_EL2 + n];

		if (!(lr >> 62) && ((lr >> 61 & 1) || !(lr >> 41 & 1)))
			free |= 1ULL << n;
	}
	return free;
}

static inline void write_gicreg(u64 value, int reg)
{
	if (reg >= ICH_LR0_EL2)
		value &= keep_lr;
	else if (reg == ICH_HCR_EL2)
		value &= keep_hcr;
	else if (reg == ICC_SRE_EL2)
		value &= 9;
	regs[reg] = value;
}

struct kvm;
struct vgic_v3_cpu_if {
	u32 vgic_hcr, vgic_vmcr, vgic_sre, vgic_ap0r[4], vgic_ap1r[4];
	u64 vgic_lr[16];
	struct {
		void *its_vm;
	} its_vpe;
};
struct kvm_vcpu {
	struct {
		struct {
			u64 used_lrs;
			struct vgic_v3_cpu_if vgic_v3;
		} vgic_cpu;
	} arch;
};

static int vgic_v3_cpuif_trap;
static struct {
	int gicv3_cpuif;
} kvm_vgic_global_state = { 1 };
