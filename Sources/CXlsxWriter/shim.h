// libxlsxwriter.
#pragma once
#include <xlsxwriter.h>

extern void lxw_workbook_free(lxw_workbook *workbook);
