//! Words that tell what a macro is for.

/// Procedures that run by themselves, lower case.
pub(super) const AUTO_RUN: &[&str] = &[
    "autoexec", "autoopen", "autoclose", "autoexit", "autonew", "auto_open", "auto_close", "auto_exec",
    "document_open", "document_close", "document_new", "documentopen", "document_beforeclose",
    "document_beforesave", "document_contentcontrolonenter", "newdocument", "workbook_open",
    "workbook_activate", "workbook_beforeclose", "workbook_close", "workbook_deactivate",
    "workbook_windowactivate", "workbook_beforesave", "worksheet_activate", "worksheet_calculate",
    "worksheet_change", "worksheet_selectionchange", "app_workbookopen", "app_documentopen",
    "inkedit1_gotfocus", "inkpicture1_painted", "frame1_layout", "userform_initialize",
    "userform_activate", "multipage1_layout", "webbrowser1_statustextchange",
    "onslideshowpagechange", "onloadribbon",
];

/// Words of code, lower case, that a macro for an office needs hardly ever.
pub(super) const CODE: &[&str] = &[
    "shell", "shellexecute", "shellexecutea", "winexec", "createobject", "getobject", "callbyname",
    "urldownloadtofile", "urldownloadtofilea", "urldownloadtofilew", "virtualalloc", "virtualallocex",
    "virtualprotect", "writeprocessmemory", "rtlmovememory", "createthread", "createremotethread",
    "createprocess", "createprocessa", "enumsystemlanguagegroupsw", "environ", "savetofile", "responsebody",
    "regwrite", "regread", "macscript", "applescripttask", "executeexcel4macro", "win32_process",
    "internetopenurl", "internetopenurla", "vbproject", "vbcomponents", "addfromstring", "loadlibrary",
    "getprocaddress", "sendkeys",
];

/// Words within strings, lower case, that tell the same.
pub(super) const STRINGS: &[&str] = &[
    "powershell", "cmd.exe", "cmd /c", "cmd /k", "wscript.shell", "wscript.exe", "cscript", "mshta",
    "rundll32", "regsvr32", "certutil", "bitsadmin", "schtasks", "wmic ", "winmgmts:", "win32_process",
    "shell.application", "scripting.filesystemobject", "msxml2.xmlhttp", "msxml2.serverxmlhttp",
    "microsoft.xmlhttp", "winhttp.winhttprequest", "internetexplorer.application", "adodb.stream",
    "microsoft.xmldom", "msscriptcontrol", "invoke-expression", "downloadstring", "downloadfile",
    "frombase64string", "-encodedcommand", "bypass", "%temp%", "%appdata%", "hkey_", "hkcu\\", "hklm\\",
    "outlook.application", "installutil", "msbuild",
];
