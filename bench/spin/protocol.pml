/*
 * How a hypervisor lends its GICv3 to guests, as a model for Spin: written by hand and apart from the
 * sequences, so that the two can be compared.  What is modelled, and what is not, stands in README.md.
 *
 * DEFECT says what is wrong (0: nothing), and GUESTS how many vCPUs share the CPU.
 */
#ifndef DEFECT
#define DEFECT 0
#endif
#ifndef GUESTS
#define GUESTS 1
#endif

#define NONE             0
#define ENABLE_LOST      1
#define WEAK_DSB         2
#define PUT_UNORDERED    3
#define NO_ISB           4
#define NO_DSB           5
#define LIST_NOT_CLEARED 6
#define VMCR_NOT_SAVED   7
#define CLEAR_UNORDERED  8

/*
 * A register and its two observers.  "last" is the newest value, "older" another one that somebody may still
 * see.  "inward" is how far a guest's store through memory has come to system registers (needs dsb, then
 * isb), "outward" how far the hypervisor's write has come to the guest's memory (needs isb, then dsb).
 */
typedef Register { byte last; byte older; byte inward; byte outward };
#define DONE 2

/* ICH_VMCR_EL2, one list register, and ICH_HCR_EL2.En. */
Register vmcr, list, serving;

/* What a list register holds, if not 0: each guest has an interrupt of its own, and settings too. */
#define PENDING (1 + 2 * who)
#define ACTIVE  (2 + 2 * who)
#define OTHER_SETTING(x) ((((x) - 1) ^ 1) + 1)

/* What the hypervisor keeps of each vCPU. */
byte kept_vmcr[GUESTS], kept_list[GUESTS];
bool queued[GUESTS];            /* an interrupt is listed */
byte state_of[GUESTS];          /* and its state */
bit used;                       /* list registers in use */

/* What each guest has set, and what became of its interrupt. */
byte wants_vmcr[GUESTS];
byte has_list;

/* The machine, and its guests. */
bool vhe, exit_waits;
bool system_registers[GUESTS], direct[GUESTS];

byte who;
byte seen, status, on;
bool touched;

/* An exception, its return, and isb. */
inline settle(r) {
    if
    :: r.inward == 1 -> r.inward = DONE
    :: else
    fi;
    if
    :: r.outward == 0 -> r.outward = 1
    :: else
    fi
}
inline complete(r) {
    if
    :: r.inward == 0 -> r.inward = 1
    :: else
    fi;
    if
    :: r.outward == 1 -> r.outward = DONE
    :: else
    fi
}
inline forget(r) {
    if
    :: r.inward == DONE && r.outward == DONE -> r.older = r.last
    :: else
    fi
}
inline isb() { d_step { settle(vmcr); settle(list); settle(serving);
    forget(vmcr); forget(list); forget(serving) } }
inline dsb() { d_step { complete(vmcr); complete(list); complete(serving);
    forget(vmcr); forget(list); forget(serving) } }

/* By system registers.  A store that did not arrive yet may come after the write. */
inline hyp_write(r, value) {
    if
    :: r.older = r.last; r.last = value; r.inward = DONE; r.outward = 0
    :: r.inward != DONE -> r.older = value; r.outward = 0
    fi
}
inline hyp_read(r, into) {
    if
    :: into = r.last
    :: r.inward != DONE -> into = r.older
    fi
}

/* By the guest: through system registers, which its entry has synchronised, or through memory. */
inline guest_read(r, into) {
    if
    :: into = r.last
    :: !system_registers[who] && r.outward != DONE -> into = r.older
    fi
}
inline guest_write(r, value) {
    if
    :: system_registers[who] -> r.last = value; r.older = value; r.inward = DONE; r.outward = DONE
    :: !system_registers[who] -> r.older = r.last; r.last = value; r.inward = 0; r.outward = DONE
    fi
}

inline save_state() {
    if
    :: (used || !vhe) && !system_registers[who] ->
        if
        :: DEFECT == WEAK_DSB -> skip       /* dsb(st) is not for loads, so it does not do */
        :: DEFECT == NO_ISB -> dsb()
        :: DEFECT != WEAK_DSB && DEFECT != NO_ISB -> dsb(); isb()
        fi
    :: else
    fi;
    if
    :: used ->
        hyp_read(list, status);
        hyp_write(serving, 0);
        if
        :: status == 0 -> kept_list[who] = 0
        :: else -> hyp_read(list, seen); kept_list[who] = seen
        fi;
        if
        :: DEFECT != LIST_NOT_CLEARED -> hyp_write(list, 0)
        :: else
        fi;
        if
        :: !system_registers[who] && DEFECT != CLEAR_UNORDERED -> isb(); dsb()
        :: else
        fi
    :: else
    fi
}

inline restore_state() {
    if
    :: used || (direct[who] && DEFECT != ENABLE_LOST) -> hyp_write(serving, 1)
    :: else
    fi;
    if
    :: used -> hyp_write(list, kept_list[who])
    :: else
    fi;
    if
    :: (used || !vhe) && !system_registers[who] ->
        isb();
        if
        :: DEFECT != NO_DSB -> dsb()
        :: else
        fi
    :: else
    fi
}

inline activate_traps() {
    if
    :: !system_registers[who] ->
        isb();
        hyp_write(vmcr, kept_vmcr[who]);
        if
        :: vhe -> isb(); dsb()
        :: else
        fi
    :: else
    fi;
    if
    :: direct[who] -> hyp_write(serving, 1)
    :: else
    fi
}

inline deactivate_traps() {
    if
    :: !system_registers[who] ->
        if
        :: vhe && DEFECT != PUT_UNORDERED -> dsb(); isb()
        :: else
        fi;
        if
        :: DEFECT != VMCR_NOT_SAVED -> hyp_read(vmcr, seen); kept_vmcr[who] = seen
        :: else
        fi;
        isb()                   /* before ICC_SRE_EL1 is the host's again */
    :: else
    fi;
    if
    :: direct[who] -> hyp_write(serving, 0)
    :: else
    fi
}

inline load() {
    if
    :: system_registers[who] -> hyp_write(vmcr, kept_vmcr[who])
    :: else
    fi;
    isb();                      /* the end of a call into EL2 */
    if
    :: vhe -> activate_traps()
    :: else
    fi
}

inline put() {
    if
    :: system_registers[who] && DEFECT != VMCR_NOT_SAVED ->
        hyp_read(vmcr, seen);
        kept_vmcr[who] = seen
    :: else
    fi;
    isb();
    if
    :: vhe -> deactivate_traps()
    :: else
    fi
}

inline flush() {
    if
    :: queued[who] || (direct[who] && DEFECT != ENABLE_LOST) ->
        if
        :: queued[who] -> used = 1; kept_list[who] = state_of[who]
        :: true -> used = 0     /* it is disabled */
        fi;
        if
        :: vhe -> restore_state()
        :: else
        fi
    :: else
    fi
}

inline sync() {
    if
    :: queued[who] ->
        if
        :: vhe -> save_state()
        :: else
        fi;
        if
        :: used ->
            state_of[who] = kept_list[who];
            assert(state_of[who] == has_list);      /* what the guest did with it */
            used = 0
        :: else
        fi;
        if
        :: state_of[who] == 0 -> queued[who] = false
        :: else
        fi
    :: else
    fi
}

inline guest() {
    isb();                      /* the exception's return */
    guest_read(serving, on);
    assert(on || !(used || direct[who]));           /* it gets its interrupts */
    guest_read(vmcr, seen);
    assert(seen == wants_vmcr[who]);                /* its settings are there */
    guest_read(list, seen);
    assert(seen == (used -> kept_list[who] : 0) || !on);    /* its interrupt is, and no other one */
    has_list = (used -> kept_list[who] : 0);
    do
    :: !touched ->              /* once: a later value in place of this one shows nothing else */
        touched = true;
        wants_vmcr[who] = OTHER_SETTING(wants_vmcr[who]);
        guest_write(vmcr, wants_vmcr[who])
    :: has_list == PENDING -> has_list = ACTIVE; guest_write(list, ACTIVE)
    :: has_list == ACTIVE -> has_list = 0; guest_write(list, 0)
    :: break
    od;
    touched = false;
    isb()                       /* an exception */
}

inline trip() {
    if                          /* anybody may queue an interrupt at any time */
    :: !queued[who] -> queued[who] = true; state_of[who] = PENDING
    :: true
    fi;
    has_list = (queued[who] -> state_of[who] : 0);
    flush();
    if
    :: true ->
        if
        :: !vhe -> isb(); activate_traps(); restore_state()
        :: else
        fi;
        guest();
        if
        :: exit_waits -> dsb(); isb()
        :: else
        fi;
        if
        :: !vhe -> save_state(); deactivate_traps(); isb()
        :: else
        fi
    :: vhe -> isb()             /* a signal came in between */
    fi;
    sync()
}

active proctype cpu() {
    byte i;

    if
    :: vhe = true
    :: vhe = false
    fi;
    if
    :: exit_waits = true
    :: exit_waits = false
    fi;
    for (i : 0 .. GUESTS - 1) {
        if
        :: system_registers[i] = true
        :: system_registers[i] = false
        fi;
        if
        :: system_registers[i] -> direct[i] = true
        :: direct[i] = false
        fi;
        kept_vmcr[i] = 1 + 2 * i;
        wants_vmcr[i] = 1 + 2 * i
    }
    vmcr.inward = DONE; vmcr.outward = DONE;
    list.inward = DONE; list.outward = DONE;
    serving.inward = DONE; serving.outward = DONE;

    do
    :: true ->
        select(who : 0 .. GUESTS - 1);
        load();
        do
        :: trip()
        :: break
        od;
        put();
        assert(kept_vmcr[who] == wants_vmcr[who])   /* its settings are kept */
    od
}
