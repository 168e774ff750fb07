/* main.c: the program `rq`. */
#include <stdio.h>

int main(void)
{
    printf("rq %s\n", RQ_VERSION);
    return 0;
}
