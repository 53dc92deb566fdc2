# What appliance/kvm.py starts a machine with, in the place of its firmware: the way every 64-bit
# kernel goes, in 142 bytes. Paging on, into long mode, count; one letter on port 0xe9 at each turn.
# Build: as -o p.o kvm_probe.S && ld -Ttext 0 --oformat binary -e 0 -o p.bin p.o
.code16
start:
    cli
    mov $'1', %al               # the first instructions of the processor
    out %al, $0xe9
    xor %ax, %ax
    mov %ax, %ds
    movl $0x2003, 0x1000        # page tables: the first 2 MiB are themselves
    movl $0x3003, 0x2000
    movl $0x83, 0x3000
    mov $0x1000, %eax
    mov %eax, %cr3
    mov $0x20, %eax             # CR4.PAE
    mov %eax, %cr4
    mov $0xc0000080, %ecx       # EFER.LME
    rdmsr
    or $0x100, %ax
    wrmsr
    lgdtl %cs:gdtr
    mov $'2', %al
    out %al, $0xe9
    mov $0x80000001, %eax       # CR0.PG and CR0.PE: here a KVM without the processor's help ends
    mov %eax, %cr0
    ljmpl $8, $0xf0000 + long
.code64
long:
    mov $'3', %al
    out %al, $0xe9
    mov $20000000, %ecx         # 10 ms of a real processor; an interpreter of instructions: minutes
1:  dec %ecx
    jnz 1b
    mov $'K', %al
    out %al, $0xe9
2:  hlt
    jmp 2b
.align 8
gdt: .quad 0, 0x00209a0000000000
gdtr: .word 15
    .long 0xf0000 + gdt
