/** In place of what is used only where there are no system calls; here nobody comes by. */

throw new Error('this is not in the program for CNI calls')
