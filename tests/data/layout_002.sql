-- A station's database in layout 002, made by the code that had it. Fictional; sealed under a key for tests.
PRAGMA application_id = 1265202244;
BEGIN TRANSACTION;
CREATE TABLE "_sqlite_migrations" (
   "id" INTEGER PRIMARY KEY,
   "migration_set" TEXT,
   "name" TEXT,
   "applied_at" TEXT
);
INSERT INTO "_sqlite_migrations" VALUES(1,'kitdock','001_stock_tags_events_reports','2026-11-30 12:55:13.807002+00:00');
INSERT INTO "_sqlite_migrations" VALUES(2,'kitdock','002_ledger_accounts_audit_rollups','2026-11-30 12:55:13.902607+00:00');
CREATE TABLE account (
    login TEXT NOT NULL,
    role TEXT NOT NULL CHECK (role IN (
        'officer', 'quartermaster', 'programme_lead', 'auditor', 'administrator')),
    officer TEXT REFERENCES officer (id),
    granted_at_ms INTEGER NOT NULL,
    PRIMARY KEY (login, role),
    CHECK (officer IS NULL OR role = 'officer')
) STRICT, WITHOUT ROWID;
INSERT INTO "account" VALUES('keeper','administrator',NULL,1767225600000);
INSERT INTO "account" VALUES('keeper','quartermaster',NULL,1767225600000);
CREATE TABLE audit (
    id INTEGER PRIMARY KEY,
    at_ms INTEGER NOT NULL,
    login TEXT NOT NULL,
    action TEXT NOT NULL,
    subject TEXT,
    outcome TEXT NOT NULL CHECK (outcome IN ('done', 'refused')),
    detail TEXT NOT NULL,
    hash BLOB NOT NULL CHECK (length(hash) = 32)
) STRICT;
INSERT INTO "audit" VALUES(1,1767225600000,'keeper','account.grant','keeper','done','{"founder":true,"roles":["administrator","quartermaster"]}',X'FD58B8AD261F6230B6720E33F416C4AFA87DF6E2EEBF1E0C41B8B92C9F78E684');
INSERT INTO "audit" VALUES(2,1767225600000,'keeper','officer.add','4101','done','{"role":null,"station":null,"trained_on":"2025-12-01","unit":null}',X'2C58E3BE7A007CF4C4C6850C3E0EB12BBA5E121E72C11987A81B883A9E533ED0');
INSERT INTO "audit" VALUES(3,1767225600000,'keeper','officer.add','4102','done','{"role":null,"station":null,"trained_on":"2025-12-01","unit":null}',X'718B18C4E48ED2EB93B782E982F51009C4616355ED2C070D99E76DCAF3BA7110');
INSERT INTO "audit" VALUES(4,1767225600000,'keeper','kit.receive','K-1','done','{"at_ms":1767225600000,"id":1,"place":"Example Police"}',X'097B7CAC3867C24DA582D218E4428258F15DF678363A531B725FFCD1CF551D82');
INSERT INTO "audit" VALUES(5,1767225600000,'keeper','kit.receive','K-2','done','{"at_ms":1767225600000,"id":2,"place":"Example Police"}',X'3E35FBC32F838343DF0749543291EAE31FE2068ED885FFCD7F77CEF25E488285');
INSERT INTO "audit" VALUES(6,1767225600000,'keeper','kit.receive','K-3','done','{"at_ms":1767225600000,"id":3,"place":"Example Police"}',X'36D62E9C8307D35C2D9DAA0515AA683D30255FE26FF9C50C2AE0BBFA3E2AB253');
INSERT INTO "audit" VALUES(7,1767225600000,'keeper','kit.receive','K-4','done','{"at_ms":1767225600000,"id":4,"place":"Example Police"}',X'873E113B5A8D36F255583FD9B88EAE07FDECB79B29C785522F3D0F512475D5F3');
INSERT INTO "audit" VALUES(8,1767225600000,'keeper','kit.receive','K-5','done','{"at_ms":1767225600000,"id":5,"place":"Example Police"}',X'0FA31C9BDC688504E197471D7B11D93AA768355C2F2EEBD74FBF5E7320E6F9DD');
INSERT INTO "audit" VALUES(9,1767225600000,'keeper','kit.receive','K-6','done','{"at_ms":1767225600000,"id":6,"place":"Example Police"}',X'6932646CEFF6E47A103F7E140A46091499C78F8E995B043CF455A67E089455AA');
INSERT INTO "audit" VALUES(10,1767225600000,'keeper','tag.enrol','P-01','done','{"replaces":null,"tag":"0101010101010101"}',X'482D6099D7E76AB0C34CAD96EA9ED784BFFB5CA009F96D23612DDF9D9A89BCB9');
INSERT INTO "audit" VALUES(11,1767225600000,'keeper','tag.enrol','P-02','done','{"replaces":null,"tag":"0202020202020202"}',X'39F906E063963D59DE1FB0ACB854125C0D160AEC0E3F9FEBCAF7C7103061C933');
INSERT INTO "audit" VALUES(12,1767225600000,'keeper','tag.enrol','P-03','done','{"replaces":null,"tag":"0303030303030303"}',X'28BDA1F763CD7A80FB3C0DD9ED003C764959E74513ABD85DA6522A7349BB267C');
INSERT INTO "audit" VALUES(13,1767225600000,'keeper','kit.issue','K-1','done','{"at_ms":1767229200000,"id":7,"officer":"4101","pouch":"P-01"}',X'B6D9451C777DC8C904F2D5F68775948581D4A9A2067A62CA1258C44824B471D3');
INSERT INTO "audit" VALUES(14,1767225600000,'keeper','kit.issue','K-2','done','{"at_ms":1767229200000,"id":8,"officer":"4102","pouch":"P-02"}',X'C6CD8B4ED4E27E27DCF335625A0779B5850532B0113D4F548072F289D46555F6');
INSERT INTO "audit" VALUES(15,1767225600000,'keeper','kit.issue','K-5','done','{"at_ms":1767229200000,"id":9,"officer":"4102","pouch":"P-03"}',X'9DD7A0F318526ABD8B50797A29BB31888AC3A55A4F54A1F64A5270FC8B8007FA');
INSERT INTO "audit" VALUES(16,1767225600000,'keeper','tag.dock','0101010101010101','done','{"docking":1}',X'71D2F934F479F52EA3A3EBD248B74878DC0F6B71AAD41FF210F27B8E37E1B3ED');
INSERT INTO "audit" VALUES(17,1767225600000,'keeper','tag.dock','0101010101010101','done','{"docking":1,"outcome":"complete","records":2}',X'26B1CF455BD5E5080A85C07D8A5509957C577A992C506D9532E5F1B4C3AF36FC');
INSERT INTO "audit" VALUES(18,1767225600000,'keeper','tag.dock','0202020202020202','done','{"docking":2}',X'B9D9AAC593E5E81D8AAD5807B79D75C374B4FEF8E740628A9EE5F78D10A8B0C1');
INSERT INTO "audit" VALUES(19,1767225600000,'keeper','tag.dock','0202020202020202','done','{"docking":2,"outcome":"complete","records":2}',X'5C37FE48CD2EBA1AFBBEEB7087123D407A1D69D87A78D2BC93EE0F7FF4F9C4B3');
INSERT INTO "audit" VALUES(20,1767225600000,'keeper','tag.dock','0303030303030303','done','{"docking":3}',X'BB1E17A73F917F8F4EAB1484DA052AA1EE89FB2118AFFFB3109FFEDD14F393F5');
INSERT INTO "audit" VALUES(21,1767225600000,'keeper','tag.dock','0303030303030303','done','{"docking":3,"outcome":"complete","records":0}',X'9AB8EE6F4DA9A14AD5436EA6EFD2EC1EA35F33D86913535A74086D7162798947');
INSERT INTO "audit" VALUES(22,1767225600000,'keeper','kit.use','K-1','done','{"at_ms":1767265200000,"doses":2,"id":10,"report":1}',X'0C34B914C6C42D3BE522E1F552A808A30F15BF61453828778A27E3AB575C7E7E');
INSERT INTO "audit" VALUES(23,1767225600000,'keeper','report.file','4101','done','{"form":"england_wales","opening":"0101010101010101:1","report":1}',X'B9B140687F46202BF006A82DBEB8A28E6058ED7C80EE4037FD0902901C2A3CE8');
INSERT INTO "audit" VALUES(24,1767225600000,'keeper','kit.return','K-2','done','{"at_ms":1767268800000,"id":11,"place":"Example Police"}',X'49652424CEFB05BAD06F6B65D3CEF715F61B7D5B50738F3E7B6FFF7C2EDFD483');
INSERT INTO "audit" VALUES(25,1767225600000,'keeper','report.file','4102','done','{"form":"england_wales","opening":"0202020202020202:1","report":2}',X'1AD67E8D7D6136489D6DF4554D7E62DB5FFDAF6177869291C934F6CF00A979EA');
INSERT INTO "audit" VALUES(26,1767225600000,'keeper','kit.issue','K-2','done','{"at_ms":1767276000000,"id":12,"officer":"4101","pouch":"P-02"}',X'EBF4EEA411DB90F8B4820C70ED37778ABEB2C27A3964C74B1922E13744F77CF6');
INSERT INTO "audit" VALUES(27,1767225600000,'keeper','kit.issue','K-3','done','{"at_ms":1767279600000,"id":13,"officer":"4101","pouch":"P-01"}',X'B732E135F185FA709C7C9A7DDA04C1BB6B1F86156A71E8F7A360AAD0013F1A1B');
INSERT INTO "audit" VALUES(28,1767225600000,'keeper','tag.dock','0101010101010101','done','{"docking":4}',X'F09943889FF568A385777A40B2D6EFECF49931976C2E5F58A5B001272DECC290');
INSERT INTO "audit" VALUES(29,1767225600000,'keeper','tag.dock','0101010101010101','done','{"docking":4,"outcome":"complete","records":2}',X'D54AAD872D5719C3B21D2A8CE17095C1A66A73ED8A1AC2DCECCAFE2C4EB91FDA');
INSERT INTO "audit" VALUES(30,1767225600000,'keeper','opening.explain','0101010101010101:3','done','{"cause":"used","officer":"4101"}',X'3AF37EA0C3499761FE687299F43CE532FBB9A10591C0979140D5C8D0FB32AB92');
INSERT INTO "audit" VALUES(31,1767225600000,'keeper','kit.return','K-3','done','{"at_ms":1767315600000,"id":14,"place":"Example Police"}',X'B4CB917C702F7C1D86A72D744364DA2EBA5A7F783259A96D05FB99710076E070');
INSERT INTO "audit" VALUES(32,1767225600000,'keeper','kit.issue','K-4','done','{"at_ms":1767319200000,"id":15,"officer":"4102","pouch":"P-01"}',X'289568152F0A78B9EF51B635EAEC724344A0AC065CB8FC3B3AE779892FA692CD');
INSERT INTO "audit" VALUES(33,1767225600000,'keeper','tag.dock','0101010101010101','done','{"docking":5}',X'9EB294C0D19C88B5AF9190D1D234E728D5EBFCE7D4E5B07502F75D8DA66D55F1');
INSERT INTO "audit" VALUES(34,1767225600000,'keeper','tag.dock','0101010101010101','done','{"docking":5,"outcome":"complete","records":2}',X'62185C14CC037881952DF9ADFB1C7DFB9AF3BF676FA88F8E65012E01428FE3D1');
INSERT INTO "audit" VALUES(35,1767225600000,'keeper','kit.return','K-4','done','{"at_ms":1767337200000,"doses":0,"id":16,"place":"Example Police"}',X'8CD456C5C33D4381C917A070A08B54CE78800EA445BFA86862EE46DF1218E45E');
INSERT INTO "audit" VALUES(36,1767225600000,'keeper','report.file','4102','done','{"form":"england_wales","opening":"0101010101010101:5","report":3}',X'122524B70D340628C0556F4FD0D04883AD527BF16608608C6609BA38A2331D9B');
INSERT INTO "audit" VALUES(37,1767225600000,'keeper','kit.issue','K-6','done','{"at_ms":1767344400000,"id":17,"officer":"4102","pouch":"P-01"}',X'4195F86DBD00D0174D0E13857E35539114F20CB51C0BBC87A04AC53E04106AC4');
INSERT INTO "audit" VALUES(38,1767225600000,'keeper','tag.dock','0101010101010101','done','{"docking":6}',X'7538D7158793E7042063A00B606DFBAE28CA134C2B214B02FFDADAAE4C6553BF');
INSERT INTO "audit" VALUES(39,1767225600000,'keeper','tag.dock','0101010101010101','done','{"docking":6,"outcome":"complete","records":2}',X'708D803475399833DFB536EBD3BC4B9FB5829250A6A1B6A6B6A087CE8D1490A7');
INSERT INTO "audit" VALUES(40,1767225600000,'keeper','kit.correct','K-6','done','{"at_ms":1767373200000,"corrects":17,"id":18,"reason":"wrong officer"}',X'7F2FAED9EFD265B49438912D842BBAA294C450BB7F693BA90408CE7354A0D950');
INSERT INTO "audit" VALUES(41,1767225600000,'keeper','kit.issue','K-6','done','{"at_ms":1767376800000,"id":19,"officer":"4101","pouch":"P-01"}',X'315BD0D5247CFAEE3E5F71E4368DED9715A37B8ACC8D416C5D43015385BEB859');
CREATE TABLE custody (
    kit TEXT NOT NULL REFERENCES kit (id),
    began INTEGER NOT NULL,
    status TEXT NOT NULL,
    officer TEXT,
    place TEXT,
    pouch TEXT,
    since_ms INTEGER NOT NULL,
    until_ms INTEGER,
    PRIMARY KEY (kit, began)
) STRICT, WITHOUT ROWID;
INSERT INTO "custody" VALUES('K-1',1,'in_stock',NULL,'Example Police',NULL,1767225600000,1767229200000);
INSERT INTO "custody" VALUES('K-1',7,'issued','4101',NULL,'P-01',1767229200000,1767265200000);
INSERT INTO "custody" VALUES('K-1',10,'used','4101',NULL,NULL,1767265200000,NULL);
INSERT INTO "custody" VALUES('K-2',2,'in_stock',NULL,'Example Police',NULL,1767225600000,1767229200000);
INSERT INTO "custody" VALUES('K-2',8,'issued','4102',NULL,'P-02',1767229200000,1767268800000);
INSERT INTO "custody" VALUES('K-2',11,'in_stock',NULL,'Example Police',NULL,1767268800000,1767276000000);
INSERT INTO "custody" VALUES('K-2',12,'issued','4101',NULL,'P-02',1767276000000,NULL);
INSERT INTO "custody" VALUES('K-3',3,'in_stock',NULL,'Example Police',NULL,1767225600000,1767279600000);
INSERT INTO "custody" VALUES('K-3',13,'issued','4101',NULL,'P-01',1767279600000,1767315600000);
INSERT INTO "custody" VALUES('K-3',14,'in_stock',NULL,'Example Police',NULL,1767315600000,NULL);
INSERT INTO "custody" VALUES('K-4',4,'in_stock',NULL,'Example Police',NULL,1767225600000,1767319200000);
INSERT INTO "custody" VALUES('K-4',15,'issued','4102',NULL,'P-01',1767319200000,1767337200000);
INSERT INTO "custody" VALUES('K-4',16,'in_stock',NULL,'Example Police',NULL,1767337200000,NULL);
INSERT INTO "custody" VALUES('K-5',5,'in_stock',NULL,'Example Police',NULL,1767225600000,1767229200000);
INSERT INTO "custody" VALUES('K-5',9,'issued','4102',NULL,'P-03',1767229200000,NULL);
INSERT INTO "custody" VALUES('K-6',6,'in_stock',NULL,'Example Police',NULL,1767225600000,1767344400000);
INSERT INTO "custody" VALUES('K-6',17,'issued','4102',NULL,'P-01',1767344400000,1767373200000);
INSERT INTO "custody" VALUES('K-6',18,'in_stock',NULL,'Example Police',NULL,1767373200000,1767376800000);
INSERT INTO "custody" VALUES('K-6',19,'issued','4101',NULL,'P-01',1767376800000,NULL);
CREATE TABLE digest_read (
    id INTEGER PRIMARY KEY,
    made_at_ms INTEGER NOT NULL,
    login TEXT NOT NULL,
    at_ms INTEGER NOT NULL
) STRICT;
CREATE TABLE discrepancy (
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    occurrence TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('opened', 'acknowledged', 'resolved', 'reopened', 'cleared')),
    opened_at_ms INTEGER NOT NULL,
    changed_at_ms INTEGER NOT NULL,
    login TEXT NOT NULL,
    reason TEXT,
    PRIMARY KEY (kind, subject)
) STRICT, WITHOUT ROWID;
CREATE TABLE discrepancy_entry (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    occurrence TEXT NOT NULL,
    action TEXT NOT NULL CHECK (action IN ('opened', 'acknowledged', 'resolved', 'reopened', 'cleared')),
    reason TEXT,
    login TEXT NOT NULL,
    at_ms INTEGER NOT NULL
) STRICT;
CREATE TABLE docking (
    id INTEGER PRIMARY KEY,
    tag TEXT NOT NULL REFERENCES tag (id),
    started_at_ms INTEGER NOT NULL,
    finished_at_ms INTEGER,
    outcome TEXT CHECK (outcome IN ('complete', 'failed')),
    detail TEXT,
    records_added INTEGER NOT NULL DEFAULT 0,
    boot_count INTEGER,
    uptime_ms INTEGER,
    anchor_utc_ms INTEGER,
    anchor_error_ms INTEGER,
    battery_mv INTEGER,
    battery_percent INTEGER,
    last_sequence INTEGER
) STRICT;
INSERT INTO "docking" VALUES(1,'0101010101010101',1767261600000,1767261600900,'complete',NULL,2,1,36000000,1767261600000,50,3900,80,2);
INSERT INTO "docking" VALUES(2,'0202020202020202',1767261600000,1767261600900,'complete',NULL,2,1,36000000,1767261600000,50,3900,80,2);
INSERT INTO "docking" VALUES(3,'0303030303030303',1767261600000,1767261600900,'complete',NULL,0,1,36000000,1767261600000,50,3900,80,0);
INSERT INTO "docking" VALUES(4,'0101010101010101',1767312000000,1767312000900,'complete',NULL,2,1,86400000,1767312000000,50,3900,80,4);
INSERT INTO "docking" VALUES(5,'0101010101010101',1767333600000,1767333600900,'complete',NULL,2,1,108000000,1767333600000,50,3900,80,6);
INSERT INTO "docking" VALUES(6,'0101010101010101',1767369600000,1767369600900,'complete',NULL,2,1,144000000,1767369600000,50,3900,80,8);
CREATE TABLE event (
    tag TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    record BLOB NOT NULL CHECK (length(record) = 36),
    docking INTEGER NOT NULL,
    verdict TEXT NOT NULL CHECK (verdict = 'verified' OR verdict = 'altered' OR verdict = 'unlinked'),
    type TEXT,
    flags INTEGER,
    battery_mv INTEGER,
    boot_count INTEGER,
    uptime_s INTEGER,
    utc_s INTEGER,
    aux INTEGER,
    PRIMARY KEY (tag, sequence)
) STRICT, WITHOUT ROWID;
INSERT INTO "event" VALUES('0101010101010101',1,X'010101010101010101010101010101010101010101010101010101010101010101010101',1,'verified','lid_open',1,3900,1,18000,0,0);
INSERT INTO "event" VALUES('0101010101010101',2,X'020202020202020202020202020202020202020202020202020202020202020202020202',1,'verified','lid_close',0,3900,1,18120,0,0);
INSERT INTO "event" VALUES('0101010101010101',3,X'030303030303030303030303030303030303030303030303030303030303030303030303',4,'verified','lid_open',1,3900,1,72000,0,0);
INSERT INTO "event" VALUES('0101010101010101',4,X'040404040404040404040404040404040404040404040404040404040404040404040404',4,'verified','lid_close',0,3900,1,72120,0,0);
INSERT INTO "event" VALUES('0101010101010101',5,X'050505050505050505050505050505050505050505050505050505050505050505050505',5,'verified','lid_open',1,3900,1,100800,0,0);
INSERT INTO "event" VALUES('0101010101010101',6,X'060606060606060606060606060606060606060606060606060606060606060606060606',5,'verified','lid_close',0,3900,1,100920,0,0);
INSERT INTO "event" VALUES('0101010101010101',7,X'070707070707070707070707070707070707070707070707070707070707070707070707',6,'verified','lid_open',1,3900,1,126000,0,0);
INSERT INTO "event" VALUES('0101010101010101',8,X'080808080808080808080808080808080808080808080808080808080808080808080808',6,'verified','lid_close',0,3900,1,126120,0,0);
INSERT INTO "event" VALUES('0202020202020202',1,X'010101010101010101010101010101010101010101010101010101010101010101010101',2,'verified','lid_open',1,3900,1,18000,0,0);
INSERT INTO "event" VALUES('0202020202020202',2,X'020202020202020202020202020202020202020202020202020202020202020202020202',2,'verified','lid_close',0,3900,1,18120,0,0);
CREATE TABLE expiry_note (
    id INTEGER PRIMARY KEY,
    kit TEXT NOT NULL REFERENCES kit (id),
    until TEXT NOT NULL,
    reason TEXT NOT NULL,
    login TEXT NOT NULL,
    at_ms INTEGER NOT NULL
) STRICT;
CREATE TABLE explanation (
    id INTEGER PRIMARY KEY,
    tag TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    at_ms INTEGER NOT NULL,
    officer TEXT NOT NULL REFERENCES officer (id),
    cause TEXT NOT NULL CHECK (cause IN ('used', 'training', 'inspection', 'restocking', 'accidental')),
    doses INTEGER CHECK (doses > 0),
    FOREIGN KEY (tag, sequence) REFERENCES event (tag, sequence)
) STRICT;
INSERT INTO "explanation" VALUES(1,'0101010101010101',1,1767265200000,'4101','used',2);
INSERT INTO "explanation" VALUES(2,'0202020202020202',1,1767272400000,'4102','used',2);
INSERT INTO "explanation" VALUES(3,'0101010101010101',3,1767312000000,'4101','used',1);
INSERT INTO "explanation" VALUES(4,'0101010101010101',5,1767340800000,'4102','used',2);
CREATE TABLE forgotten (
    tag TEXT NOT NULL REFERENCES tag (id),
    first INTEGER NOT NULL,
    last INTEGER NOT NULL CHECK (last >= first),
    PRIMARY KEY (tag, first)
) STRICT, WITHOUT ROWID;
CREATE TABLE kit (
    id TEXT PRIMARY KEY,
    product TEXT NOT NULL,
    lot TEXT NOT NULL, gtin TEXT, serial TEXT,
    FOREIGN KEY (product, lot) REFERENCES lot (product, lot)
) STRICT;
INSERT INTO "kit" VALUES('K-1','Naloxone 1.8 mg','A1',NULL,NULL);
INSERT INTO "kit" VALUES('K-2','Naloxone 1.8 mg','A1',NULL,NULL);
INSERT INTO "kit" VALUES('K-3','Naloxone 1.8 mg','A1',NULL,NULL);
INSERT INTO "kit" VALUES('K-4','Naloxone 1.8 mg','A1',NULL,NULL);
INSERT INTO "kit" VALUES('K-5','Naloxone 1.8 mg','A1',NULL,NULL);
INSERT INTO "kit" VALUES('K-6','Naloxone 1.8 mg','A1',NULL,NULL);
CREATE TABLE kit_state (
    kit TEXT PRIMARY KEY REFERENCES kit (id),
    status TEXT NOT NULL,
    officer TEXT,
    place TEXT,
    pouch TEXT,
    quarantine TEXT,
    doses_left INTEGER NOT NULL,
    doses_used INTEGER NOT NULL,
    doses_unaccounted INTEGER NOT NULL,
    since_ms INTEGER NOT NULL,
    began INTEGER NOT NULL,
    moved_at_ms INTEGER NOT NULL,
    movement INTEGER NOT NULL,
    product TEXT NOT NULL,
    lot TEXT NOT NULL,
    expires_on TEXT NOT NULL,
    impossible TEXT
) STRICT, WITHOUT ROWID;
INSERT INTO "kit_state" VALUES('K-1','used','4101',NULL,NULL,NULL,0,2,0,1767265200000,10,1767265200000,10,'Naloxone 1.8 mg','A1','2028-04-30',NULL);
INSERT INTO "kit_state" VALUES('K-2','issued','4101',NULL,'P-02',NULL,2,0,0,1767276000000,12,1767276000000,12,'Naloxone 1.8 mg','A1','2028-04-30',NULL);
INSERT INTO "kit_state" VALUES('K-3','in_stock',NULL,'Example Police',NULL,NULL,2,0,0,1767315600000,14,1767315600000,14,'Naloxone 1.8 mg','A1','2028-04-30',NULL);
INSERT INTO "kit_state" VALUES('K-4','in_stock',NULL,'Example Police',NULL,NULL,0,0,2,1767337200000,16,1767337200000,16,'Naloxone 1.8 mg','A1','2028-04-30',NULL);
INSERT INTO "kit_state" VALUES('K-5','issued','4102',NULL,'P-03',NULL,2,0,0,1767229200000,9,1767229200000,9,'Naloxone 1.8 mg','A1','2028-04-30',NULL);
INSERT INTO "kit_state" VALUES('K-6','issued','4101',NULL,'P-01',NULL,2,0,0,1767376800000,19,1767376800000,19,'Naloxone 1.8 mg','A1','2028-04-30',NULL);
CREATE TABLE log_flaw (
    tag TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('altered', 'gap', 'fault', 'clock')),
    docking INTEGER NOT NULL,
    at_ms INTEGER NOT NULL,
    records INTEGER NOT NULL,
    detail TEXT NOT NULL,
    PRIMARY KEY (tag, sequence, kind)
) STRICT, WITHOUT ROWID;
CREATE TABLE lot (
    product TEXT NOT NULL,
    lot TEXT NOT NULL,
    expires_on TEXT NOT NULL,
    doses_per_kit INTEGER NOT NULL CHECK (doses_per_kit > 0),
    PRIMARY KEY (product, lot)
) STRICT;
INSERT INTO "lot" VALUES('Naloxone 1.8 mg','A1','2028-04-30',2);
CREATE TABLE movement (
    id INTEGER PRIMARY KEY,
    at_ms INTEGER NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN (
        'receive', 'issue', 'return', 'transfer', 'load', 'unload', 'use', 'leave_behind', 'lose', 'find',
        'quarantine', 'release', 'count', 'destroy', 'correct')),
    kit TEXT NOT NULL REFERENCES kit (id),
    officer TEXT REFERENCES officer (id),
    place TEXT REFERENCES place (id),
    pouch TEXT,
    doses INTEGER CHECK (doses >= 0),
    corrects INTEGER REFERENCES movement (id),
    report INTEGER REFERENCES usage_report (id),
    reason TEXT,
    document TEXT,
    login TEXT NOT NULL,
    recorded_at_ms INTEGER NOT NULL,
    CHECK (officer IS NULL OR kind = 'issue'),
    CHECK ((kind IN ('receive', 'return', 'transfer', 'find')) <= (place IS NOT NULL)),
    CHECK (kind <> 'issue' OR (officer IS NULL) <> (place IS NULL)),
    CHECK (pouch IS NULL OR kind IN ('issue', 'load')),
    CHECK (kind <> 'load' OR pouch IS NOT NULL),
    CHECK (doses IS NULL OR kind IN ('use', 'return', 'count')),
    CHECK (kind NOT IN ('use', 'count') OR doses IS NOT NULL),
    CHECK ((kind = 'correct') = (corrects IS NOT NULL))
) STRICT;
INSERT INTO "movement" VALUES(1,1767225600000,'receive','K-1',NULL,'Example Police',NULL,NULL,NULL,NULL,NULL,NULL,'keeper',1767225600000);
INSERT INTO "movement" VALUES(2,1767225600000,'receive','K-2',NULL,'Example Police',NULL,NULL,NULL,NULL,NULL,NULL,'keeper',1767225600000);
INSERT INTO "movement" VALUES(3,1767225600000,'receive','K-3',NULL,'Example Police',NULL,NULL,NULL,NULL,NULL,NULL,'keeper',1767225600000);
INSERT INTO "movement" VALUES(4,1767225600000,'receive','K-4',NULL,'Example Police',NULL,NULL,NULL,NULL,NULL,NULL,'keeper',1767225600000);
INSERT INTO "movement" VALUES(5,1767225600000,'receive','K-5',NULL,'Example Police',NULL,NULL,NULL,NULL,NULL,NULL,'keeper',1767225600000);
INSERT INTO "movement" VALUES(6,1767225600000,'receive','K-6',NULL,'Example Police',NULL,NULL,NULL,NULL,NULL,NULL,'keeper',1767225600000);
INSERT INTO "movement" VALUES(7,1767229200000,'issue','K-1','4101',NULL,'P-01',NULL,NULL,NULL,NULL,NULL,'keeper',1767225600000);
INSERT INTO "movement" VALUES(8,1767229200000,'issue','K-2','4102',NULL,'P-02',NULL,NULL,NULL,NULL,NULL,'keeper',1767225600000);
INSERT INTO "movement" VALUES(9,1767229200000,'issue','K-5','4102',NULL,'P-03',NULL,NULL,NULL,NULL,NULL,'keeper',1767225600000);
INSERT INTO "movement" VALUES(10,1767265200000,'use','K-1',NULL,NULL,NULL,2,NULL,1,NULL,NULL,'keeper',1767225600000);
INSERT INTO "movement" VALUES(11,1767268800000,'return','K-2',NULL,'Example Police',NULL,NULL,NULL,NULL,NULL,NULL,'keeper',1767225600000);
INSERT INTO "movement" VALUES(12,1767276000000,'issue','K-2','4101',NULL,'P-02',NULL,NULL,NULL,NULL,NULL,'keeper',1767225600000);
INSERT INTO "movement" VALUES(13,1767279600000,'issue','K-3','4101',NULL,'P-01',NULL,NULL,NULL,NULL,NULL,'keeper',1767225600000);
INSERT INTO "movement" VALUES(14,1767315600000,'return','K-3',NULL,'Example Police',NULL,NULL,NULL,NULL,NULL,NULL,'keeper',1767225600000);
INSERT INTO "movement" VALUES(15,1767319200000,'issue','K-4','4102',NULL,'P-01',NULL,NULL,NULL,NULL,NULL,'keeper',1767225600000);
INSERT INTO "movement" VALUES(16,1767337200000,'return','K-4',NULL,'Example Police',NULL,0,NULL,NULL,NULL,NULL,'keeper',1767225600000);
INSERT INTO "movement" VALUES(17,1767344400000,'issue','K-6','4102',NULL,'P-01',NULL,NULL,NULL,NULL,NULL,'keeper',1767225600000);
INSERT INTO "movement" VALUES(18,1767373200000,'correct','K-6',NULL,NULL,NULL,NULL,17,NULL,'wrong officer',NULL,'keeper',1767225600000);
INSERT INTO "movement" VALUES(19,1767376800000,'issue','K-6','4101',NULL,'P-01',NULL,NULL,NULL,NULL,NULL,'keeper',1767225600000);
CREATE TABLE officer (
    id TEXT PRIMARY KEY,
    trained_on TEXT,
    added_at_ms INTEGER NOT NULL
, unit TEXT, station TEXT REFERENCES place (id), role TEXT, left_on TEXT) STRICT;
INSERT INTO "officer" VALUES('4101','2025-12-01',1767225600000,NULL,NULL,NULL,NULL);
INSERT INTO "officer" VALUES('4102','2025-12-01',1767225600000,NULL,NULL,NULL,NULL);
CREATE TABLE opening (
    tag TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    pouch TEXT NOT NULL,
    began_earliest_ms INTEGER NOT NULL,
    began_latest_ms INTEGER NOT NULL,
    began_likely_ms INTEGER NOT NULL,
    ended_earliest_ms INTEGER,
    ended_latest_ms INTEGER,
    ended_likely_ms INTEGER,
    duration_s INTEGER,
    is_open INTEGER NOT NULL CHECK (is_open IN (0, 1)),
    dose_marks INTEGER NOT NULL,
    cause TEXT,
    reports INTEGER NOT NULL,
    PRIMARY KEY (tag, sequence)
) STRICT, WITHOUT ROWID;
INSERT INTO "opening" VALUES('0101010101010101',1,'P-01',1767243411730,1767243788259,1767243600000,1767243532978,1767243907011,1767243720000,120,0,0,'used',1);
INSERT INTO "opening" VALUES('0101010101010101',3,'P-01',1767297491976,1767297708019,1767297600000,1767297612514,1767297827482,1767297720000,120,0,0,'used',0);
INSERT INTO "opening" VALUES('0101010101010101',5,'P-01',1767326349028,1767326450969,1767326400000,1767326469450,1767326570546,1767326520000,120,0,0,'used',1);
INSERT INTO "opening" VALUES('0101010101010101',7,'P-01',1767351505348,1767351694652,1767351600000,1767351625352,1767351814648,1767351720000,120,0,0,NULL,0);
INSERT INTO "opening" VALUES('0202020202020202',1,'P-02',1767243321748,1767243878237,1767243600000,1767243443596,1767243996389,1767243720000,120,0,0,'used',1);
CREATE TABLE place (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('station', 'vehicle', 'custody', 'cabinet')),
    unit TEXT,
    added_at_ms INTEGER NOT NULL
) STRICT;
INSERT INTO "place" VALUES('Example Police','station',NULL,1767225600000);
CREATE TABLE product (
    name TEXT PRIMARY KEY,
    doses_per_kit INTEGER NOT NULL CHECK (doses_per_kit > 0),
    added_at_ms INTEGER NOT NULL
) STRICT;
CREATE TABLE product_gtin (
    gtin TEXT PRIMARY KEY CHECK (length(gtin) = 14),
    product TEXT NOT NULL REFERENCES product (name)
) STRICT;
CREATE TABLE recall (
    id INTEGER PRIMARY KEY,
    product TEXT NOT NULL,
    lot TEXT NOT NULL,
    action TEXT NOT NULL CHECK (action IN ('recall', 'lift')),
    reason TEXT NOT NULL,
    document TEXT,
    login TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    FOREIGN KEY (product, lot) REFERENCES lot (product, lot)
) STRICT;
CREATE TABLE rollup (version INTEGER NOT NULL) STRICT;
INSERT INTO "rollup" VALUES(1);
CREATE TABLE setting (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE stale_tag (tag TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
CREATE TABLE station (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    name TEXT NOT NULL,
    time_zone TEXT NOT NULL,
    collect_names INTEGER NOT NULL CHECK (collect_names IN (0, 1)),
    key_check TEXT NOT NULL,
    created_at_ms INTEGER NOT NULL
) STRICT;
INSERT INTO "station" VALUES(1,'Example Police','Europe/London',0,'7fa1d9a9cea3d389',1767225600000);
CREATE TABLE stocktake (
    id INTEGER PRIMARY KEY,
    place TEXT NOT NULL REFERENCES place (id),
    blind INTEGER NOT NULL CHECK (blind IN (0, 1)),
    started_at_ms INTEGER NOT NULL,
    started_by TEXT NOT NULL,
    closed_at_ms INTEGER,
    closed_by TEXT,
    cancelled TEXT,
    CHECK (cancelled IS NULL OR closed_at_ms IS NOT NULL)
) STRICT;
CREATE TABLE stocktake_difference (
    stocktake INTEGER NOT NULL REFERENCES stocktake (id),
    kind TEXT NOT NULL,
    kit TEXT NOT NULL,
    detail TEXT NOT NULL,
    reason TEXT NOT NULL,
    login TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    PRIMARY KEY (stocktake, kind, kit)
) STRICT, WITHOUT ROWID;
CREATE TABLE stocktake_scan (
    id INTEGER PRIMARY KEY,
    stocktake INTEGER NOT NULL REFERENCES stocktake (id),
    at_ms INTEGER NOT NULL,
    login TEXT NOT NULL,
    counter TEXT NOT NULL,
    kit TEXT NOT NULL,
    doses INTEGER CHECK (doses >= 0),
    undoes INTEGER REFERENCES stocktake_scan (id)
) STRICT;
CREATE TABLE tag (
    id TEXT PRIMARY KEY CHECK (length(id) = 16),
    pouch TEXT NOT NULL,
    enrolled_at_ms INTEGER NOT NULL,
    retired_at_ms INTEGER,
    sealed_keys BLOB NOT NULL,
    advert_check TEXT NOT NULL,
    session_check TEXT NOT NULL,
    log_check TEXT NOT NULL
, moved_to TEXT) STRICT;
INSERT INTO "tag" VALUES('0101010101010101','P-01',1767225600000,NULL,X'53852E4F000005EA5AFC5D54F0972869800C3D2AC30E463588B5869108BB9A54AB138F8AD4F0F4030B8AA32AA1999E10ECE2D2D52B54A003A235345648C1D63AC9633DE3491BF6094268858E1687A8B3C752354FC97943BEC915E6BC07523A41EAD89B7B2393B8B61B3072E970FFACC7E9E0AD6490B7D3EA391D0DDC','f77b0e341d124cc7','85903d40fa9363bc','a2d915a09348c4b1',NULL);
INSERT INTO "tag" VALUES('0202020202020202','P-02',1767225600000,NULL,X'66A2AD9BFD497C3C50A8079D54E134485A84BF5BAB0D535C8C98D130982F024C4954AC1029BE0642DF7B819DEF1BCAFA3DCE22C190D7AC26A0CBA9D20740A7DCC6F7077E80CA132ED4E768A317799101380EC53E731F4A12995E00A9D980D533A0CC3615920D8CF9A6741D96E95CABA5D807FABCD2A8794F975F7382','f77b0e341d124cc7','85903d40fa9363bc','a2d915a09348c4b1',NULL);
INSERT INTO "tag" VALUES('0303030303030303','P-03',1767225600000,NULL,X'426A0BF7653D6564FFC94678B12A37B11B37A3CA1B95CB921C27C0F5666D06FCBBDDC31CF8CAF1A466ADC3D51309305B1A0B36C7BAE181B9680E50D1F1B1FAEE3F8316CA908C39A37150C0B3C518B2EB318E180B2E202BDCFCAAAC64000483D661283B7B91B923AC05668F6CED6E1D134A1873B5D97E433B14A21F1C','f77b0e341d124cc7','85903d40fa9363bc','a2d915a09348c4b1',NULL);
CREATE TABLE tag_radio (
    tag TEXT PRIMARY KEY REFERENCES tag (id),
    epoch INTEGER NOT NULL,
    "index" INTEGER NOT NULL,
    heard_at_ms INTEGER NOT NULL
) STRICT;
CREATE TABLE tag_state (
    tag TEXT PRIMARY KEY,
    pouch TEXT NOT NULL,
    enrolled_at_ms INTEGER NOT NULL,
    retired_at_ms INTEGER,
    docked_at_ms INTEGER,
    last_docking INTEGER,
    last_outcome TEXT,
    last_started_at_ms INTEGER,
    battery_percent INTEGER
) STRICT, WITHOUT ROWID;
INSERT INTO "tag_state" VALUES('0101010101010101','P-01',1767225600000,NULL,1767369600900,6,'complete',1767369600000,80);
INSERT INTO "tag_state" VALUES('0202020202020202','P-02',1767225600000,NULL,1767261600900,2,'complete',1767261600000,80);
INSERT INTO "tag_state" VALUES('0303030303030303','P-03',1767225600000,NULL,1767261600900,3,'complete',1767261600000,80);
CREATE TABLE usage_report (
    id INTEGER PRIMARY KEY,
    form TEXT NOT NULL,
    filed_at_ms INTEGER NOT NULL,
    officer TEXT NOT NULL REFERENCES officer (id),
    tag TEXT,
    sequence INTEGER,
    doses INTEGER NOT NULL CHECK (doses > 0),
    sealed BLOB NOT NULL,
    fields TEXT NOT NULL,
    FOREIGN KEY (tag, sequence) REFERENCES event (tag, sequence)
) STRICT;
INSERT INTO "usage_report" VALUES(1,'england_wales',1767265200000,'4101','0101010101010101',1,2,X'205B116AAE33F39C31CACF18E90FB0899C185FECE239785A7E3D65614533','{"area": "North"}');
INSERT INTO "usage_report" VALUES(2,'england_wales',1767272400000,'4102','0202020202020202',1,2,X'2E4FBD6383F1C4C874DFB4CA18F9EDC263B21A6EB1F43FA52B08E6099811','{"area": "North"}');
INSERT INTO "usage_report" VALUES(3,'england_wales',1767340800000,'4102','0101010101010101',5,2,X'61ECFC4EB2A4E8E060C3D8380487411D39F499DDCE87EA77645D28AA4236','{}');
CREATE UNIQUE INDEX "idx__sqlite_migrations_migration_set_name"
    ON "_sqlite_migrations" ("migration_set", "name");
CREATE UNIQUE INDEX tag_in_pouch ON tag (pouch) WHERE retired_at_ms IS NULL;
CREATE INDEX docking_by_tag ON docking (tag, id);
CREATE TRIGGER event_no_update BEFORE UPDATE ON event
BEGIN SELECT RAISE(ABORT, 'event is append-only'); END;
CREATE TRIGGER event_no_delete BEFORE DELETE ON event
BEGIN SELECT RAISE(ABORT, 'event is append-only'); END;
CREATE TRIGGER explanation_no_update BEFORE UPDATE ON explanation
BEGIN SELECT RAISE(ABORT, 'explanation is append-only'); END;
CREATE TRIGGER explanation_no_delete BEFORE DELETE ON explanation
BEGIN SELECT RAISE(ABORT, 'explanation is append-only'); END;
CREATE INDEX officer_by_training ON officer (trained_on);
CREATE INDEX officer_who_left ON officer (left_on) WHERE left_on IS NOT NULL;
CREATE INDEX kit_by_serial ON kit (gtin, serial) WHERE serial IS NOT NULL;
CREATE INDEX kit_by_lot ON kit (lot, product);
CREATE INDEX kit_in_capitals ON kit (id COLLATE NOCASE);
CREATE INDEX recall_by_lot ON recall (product, lot, id);
CREATE TRIGGER recall_no_update BEFORE UPDATE ON recall
BEGIN SELECT RAISE(ABORT, 'recall is append-only'); END;
CREATE TRIGGER recall_no_delete BEFORE DELETE ON recall
BEGIN SELECT RAISE(ABORT, 'recall is append-only'); END;
CREATE INDEX movement_by_kit ON movement (kit, at_ms, id);
CREATE INDEX movement_to_officer ON movement (officer, at_ms) WHERE officer IS NOT NULL;
CREATE INDEX movement_of_no_return ON movement (at_ms) WHERE kind IN ('use', 'leave_behind', 'lose');
CREATE INDEX movement_of_report ON movement (report) WHERE report IS NOT NULL;
CREATE INDEX movement_corrected ON movement (corrects) WHERE corrects IS NOT NULL;
CREATE TRIGGER movement_no_update BEFORE UPDATE ON movement
BEGIN SELECT RAISE(ABORT, 'movement is append-only'); END;
CREATE TRIGGER movement_no_delete BEFORE DELETE ON movement
BEGIN SELECT RAISE(ABORT, 'movement is append-only'); END;
CREATE INDEX tag_retired ON tag (pouch, retired_at_ms) WHERE retired_at_ms IS NOT NULL;
CREATE INDEX report_of_opening ON usage_report (tag, sequence);
CREATE INDEX report_for_resupply ON usage_report (officer) WHERE json_extract(fields, '$.resupply_needed');
CREATE INDEX report_of_no_opening ON usage_report (officer) WHERE tag IS NULL;
CREATE INDEX explanation_of_opening ON explanation (tag, sequence, id);
CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit
BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END;
CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit
BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END;
CREATE UNIQUE INDEX stocktake_open ON stocktake (place) WHERE closed_at_ms IS NULL;
CREATE INDEX scan_of_stocktake ON stocktake_scan (stocktake, kit);
CREATE TRIGGER stocktake_scan_no_update BEFORE UPDATE ON stocktake_scan
BEGIN SELECT RAISE(ABORT, 'stocktake_scan is append-only'); END;
CREATE TRIGGER stocktake_scan_no_delete BEFORE DELETE ON stocktake_scan
BEGIN SELECT RAISE(ABORT, 'stocktake_scan is append-only'); END;
CREATE TRIGGER stocktake_difference_no_update BEFORE UPDATE ON stocktake_difference
BEGIN SELECT RAISE(ABORT, 'stocktake_difference is append-only'); END;
CREATE TRIGGER stocktake_difference_no_delete BEFORE DELETE ON stocktake_difference
BEGIN SELECT RAISE(ABORT, 'stocktake_difference is append-only'); END;
CREATE INDEX expiry_note_of_kit ON expiry_note (kit, id);
CREATE TRIGGER expiry_note_no_update BEFORE UPDATE ON expiry_note
BEGIN SELECT RAISE(ABORT, 'expiry_note is append-only'); END;
CREATE TRIGGER expiry_note_no_delete BEFORE DELETE ON expiry_note
BEGIN SELECT RAISE(ABORT, 'expiry_note is append-only'); END;
CREATE TRIGGER digest_read_no_update BEFORE UPDATE ON digest_read
BEGIN SELECT RAISE(ABORT, 'digest_read is append-only'); END;
CREATE TRIGGER digest_read_no_delete BEFORE DELETE ON digest_read
BEGIN SELECT RAISE(ABORT, 'digest_read is append-only'); END;
CREATE INDEX entry_of_discrepancy ON discrepancy_entry (kind, subject, id);
CREATE TRIGGER discrepancy_entry_no_update BEFORE UPDATE ON discrepancy_entry
BEGIN SELECT RAISE(ABORT, 'discrepancy_entry is append-only'); END;
CREATE TRIGGER discrepancy_entry_no_delete BEFORE DELETE ON discrepancy_entry
BEGIN SELECT RAISE(ABORT, 'discrepancy_entry is append-only'); END;
CREATE INDEX kit_issued ON kit_state (expires_on) WHERE status = 'issued';
CREATE INDEX kit_in_no_pouch ON kit_state (kit) WHERE status = 'issued' AND officer IS NOT NULL AND pouch IS NULL;
CREATE INDEX kit_in_stock ON kit_state (place, product, expires_on) WHERE status = 'in_stock';
CREATE INDEX kit_in_stock_expires ON kit_state (expires_on) WHERE status = 'in_stock';
CREATE INDEX kit_in_place ON kit_state (place) WHERE status = 'issued' AND place IS NOT NULL;
CREATE INDEX kit_with_officer ON kit_state (officer) WHERE officer IS NOT NULL;
CREATE INDEX kit_in_pouch ON kit_state (pouch) WHERE pouch IS NOT NULL;
CREATE INDEX kit_of_lot ON kit_state (lot, product);
CREATE INDEX kit_unaccounted ON kit_state (kit) WHERE doses_unaccounted <> 0;
CREATE INDEX kit_quarantined ON kit_state (kit) WHERE quarantine IS NOT NULL;
CREATE INDEX kit_impossible ON kit_state (kit) WHERE impossible IS NOT NULL;
CREATE INDEX custody_of_pouch ON custody (pouch, since_ms) WHERE pouch IS NOT NULL;
CREATE INDEX custody_of_officer ON custody (officer, since_ms) WHERE officer IS NOT NULL;
CREATE INDEX opening_unsettled ON opening (tag, sequence)
    WHERE (cause IS NULL AND reports = 0) OR (cause = 'used' AND reports = 0);
CREATE INDEX opening_used ON opening (began_likely_ms) WHERE cause = 'used' OR reports > 0;
CREATE INDEX opening_of_pouch ON opening (pouch, began_likely_ms);
CREATE INDEX log_flaw_by_kind ON log_flaw (kind, at_ms);
CREATE INDEX tag_state_of_pouch ON tag_state (pouch) WHERE retired_at_ms IS NULL;
CREATE INDEX tag_not_docked ON tag_state (docked_at_ms) WHERE retired_at_ms IS NULL;
CREATE INDEX tag_not_well ON tag_state (tag)
    WHERE retired_at_ms IS NULL AND last_docking IS NOT NULL AND last_outcome IS NOT 'complete';
CREATE INDEX tag_battery ON tag_state (battery_percent) WHERE retired_at_ms IS NULL AND battery_percent IS NOT NULL;
CREATE INDEX discrepancy_live ON discrepancy
    (kind, subject, occurrence, status, opened_at_ms, changed_at_ms, login, reason) WHERE status <> 'cleared';
COMMIT;
