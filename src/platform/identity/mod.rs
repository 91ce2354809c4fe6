//! Who is calling and what they may do where. The rules are pure; only [`authenticate`] reads the database.

pub mod keys;
mod policy;

pub use keys::{NewKey, StoredKey, authenticate};
pub use policy::{Permission, table_as_text};

use crate::kernel::{DivisionCode, Error, KeyId, Result, Text};

/// What a key's holder is (rulebook 2.4).
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// 县级生态环境部门
    CountyEcology,
    /// 设区的市（盟）生态环境部门
    PrefectureEcology,
    /// 省级生态环境部门
    ProvinceEcology,
    /// 自然资源和规划部门
    Planning,
    /// 农业农村部门
    Agriculture,
    /// 人民政府（管委会）
    Government,
    /// 土地使用权人
    LandUser,
    /// 第三方机构
    ThirdParty,
    /// 审计
    Auditor,
    /// 系统管理员
    Admin,
}

impl Role {
    /// Every role, in the order of the tables.
    pub const ALL: [Role; 10] = [
        Role::CountyEcology,
        Role::PrefectureEcology,
        Role::ProvinceEcology,
        Role::Planning,
        Role::Agriculture,
        Role::Government,
        Role::LandUser,
        Role::ThirdParty,
        Role::Auditor,
        Role::Admin,
    ];

    /// Its name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Role::CountyEcology => "county_ecology",
            Role::PrefectureEcology => "prefecture_ecology",
            Role::ProvinceEcology => "province_ecology",
            Role::Planning => "planning",
            Role::Agriculture => "agriculture",
            Role::Government => "government",
            Role::LandUser => "land_user",
            Role::ThirdParty => "third_party",
            Role::Auditor => "auditor",
            Role::Admin => "admin",
        }
    }

    /// Reads a wire name.
    pub fn parse(s: &str) -> Option<Role> {
        Role::ALL.into_iter().find(|role| role.as_str() == s)
    }

    /// What people call it.
    pub const fn title(self) -> Text {
        match self {
            Role::CountyEcology => Text::fixed("县级生态环境部门", "County ecology bureau"),
            Role::PrefectureEcology => Text::fixed("市（盟）生态环境部门", "Prefecture ecology bureau"),
            Role::ProvinceEcology => Text::fixed("省级生态环境部门", "Province ecology bureau"),
            Role::Planning => Text::fixed("自然资源和规划部门", "Planning and natural resources department"),
            Role::Agriculture => Text::fixed("农业农村部门", "Agriculture bureau"),
            Role::Government => Text::fixed("人民政府（管委会）", "Government"),
            Role::LandUser => Text::fixed("土地使用权人", "Land user"),
            Role::ThirdParty => Text::fixed("第三方机构", "Third-party agency"),
            Role::Auditor => Text::fixed("审计人员", "Auditor"),
            Role::Admin => Text::fixed("系统管理员", "Administrator"),
        }
    }

    /// Whether it is an ecology bureau, of whichever level.
    pub const fn is_ecology(self) -> bool {
        matches!(self, Role::CountyEcology | Role::PrefectureEcology | Role::ProvinceEcology)
    }

    /// Whether it is a department of the state that sees what departments see (not a land user, agency or the public).
    pub const fn is_department(self) -> bool {
        !matches!(self, Role::LandUser | Role::ThirdParty)
    }
}

/// Who is calling.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Caller {
    /// Nobody in particular.
    Public,
    /// The holder of an API key.
    Key(KeyHolder),
    /// Somebody at the machine itself, with the rights of whoever runs the server: a command of `jingtu`.
    Operator,
}

/// An API key's holder as authenticated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyHolder {
    /// The key.
    pub id: KeyId,
    /// What the key was named.
    pub name: String,
    /// The role it holds.
    pub role: Role,
    /// Where: here and below.
    pub division: DivisionCode,
    /// The divisions at and below `division`; empty for the nation, which needs no list.
    pub below: Vec<String>,
    /// A land user's credit code.
    pub credit_code: Option<String>,
}

/// What part of a register a caller may see. Every list, layer and check starts from one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// Everything.
    All,
    /// What lies in these divisions.
    Divisions(Vec<String>),
    /// The caller's own sites, by credit code.
    Own(String),
    /// What is public.
    Public,
}

impl Scope {
    /// For SQL: `null` means no restriction by division. [`Scope::Own`] and [`Scope::Public`] are no divisions either;
    /// a query must handle them apart.
    pub fn divisions(&self) -> Option<&[String]> {
        match self {
            Scope::Divisions(codes) => Some(codes),
            Scope::All | Scope::Own(_) | Scope::Public => None,
        }
    }

    /// The divisions of records that departments see and nobody else: `None` for all of them. A land user's own records and
    /// the public's are none of these.
    pub fn into_departments(self) -> Option<Vec<String>> {
        match self {
            Scope::All => None,
            Scope::Divisions(codes) => Some(codes),
            Scope::Own(_) | Scope::Public => Some(Vec::new()),
        }
    }

    /// Whether a record of this division, which departments see and nobody else, lies in it.
    pub fn covers(&self, division: &str) -> bool {
        match self {
            Scope::All => true,
            Scope::Divisions(codes) => codes.iter().any(|code| code == division),
            Scope::Own(_) | Scope::Public => false,
        }
    }

    /// The credit code that rows must carry, if the caller sees only its own.
    pub fn own_credit_code(&self) -> Option<&str> {
        match self {
            Scope::Own(code) => Some(code),
            Scope::All | Scope::Divisions(_) | Scope::Public => None,
        }
    }

    /// Whether only public rows and fields may be shown.
    pub fn is_public(&self) -> bool {
        *self == Scope::Public
    }

    /// A stable text of it, for cursors and cache keys.
    pub fn mark(&self) -> String {
        match self {
            Scope::All => "all".to_owned(),
            Scope::Divisions(codes) => format!("in:{}", codes.join(",")),
            Scope::Own(code) => format!("own:{code}"),
            Scope::Public => "public".to_owned(),
        }
    }
}

impl Caller {
    /// The division in which the caller's role holds, where that is one and not the nation: where things of theirs lie when
    /// nothing else tells.
    pub fn home(&self) -> Option<String> {
        match self {
            Caller::Key(holder) if !holder.division.is_nation() => Some(holder.division.to_string()),
            Caller::Key(_) | Caller::Public | Caller::Operator => None,
        }
    }

    /// The role, if there is one. The operator acts without a role.
    pub fn role(&self) -> Option<Role> {
        match self {
            Caller::Key(holder) => Some(holder.role),
            Caller::Public | Caller::Operator => None,
        }
    }

    /// Whether the policy lets this caller do it, somewhere.
    pub fn may(&self, permission: Permission) -> bool {
        match self {
            Caller::Public => permission.is_public(),
            Caller::Key(holder) => permission.is_public() || permission.roles().contains(&holder.role),
            Caller::Operator => true,
        }
    }

    /// Refuses unless [`Caller::may`].
    ///
    /// # Errors
    /// `unauthenticated` for the public, `role_not_allowed` for a key of another role, naming who may.
    pub fn require(&self, permission: Permission) -> Result<()> {
        if self.may(permission) {
            return Ok(());
        }
        if *self == Caller::Public {
            return Err(Error::new(
                crate::kernel::Kind::Unauthenticated,
                "unauthenticated",
                Text::fixed("此操作需要 API 密钥。", "This needs an API key."),
            ));
        }
        let zh: Vec<_> = permission.roles().iter().map(|r| r.title().zh).collect();
        let en: Vec<_> = permission.roles().iter().map(|r| r.title().en).collect();
        Err(Error::forbidden(
            "role_not_allowed",
            Text::new(
                format!("您的角色无权执行此操作，可执行者：{}。", zh.join("、")),
                format!("Your role may not do this; who may: {}.", en.join(", ")),
            ),
        ))
    }

    /// What of a register this caller may see, given the permission to read it in full.
    pub fn scope(&self, read: Permission) -> Scope {
        match self {
            Caller::Operator => Scope::All,
            Caller::Public => Scope::Public,
            Caller::Key(holder) => {
                if !read.roles().contains(&holder.role) {
                    Scope::Public
                } else if let (Role::LandUser, Some(code)) = (holder.role, &holder.credit_code) {
                    Scope::Own(code.clone())
                } else if holder.division.is_nation() {
                    Scope::All
                } else {
                    Scope::Divisions(holder.below.clone())
                }
            }
        }
    }

    /// Whether the caller's role holds in this division.
    pub fn holds_in(&self, division: &str) -> bool {
        match self {
            Caller::Public => false,
            Caller::Operator => true,
            Caller::Key(holder) => holder.division.is_nation() || holder.below.iter().any(|code| code == division),
        }
    }

    /// Refuses unless the caller's role holds in this division.
    ///
    /// # Errors
    /// `outside_division`.
    pub fn require_division(&self, division: &str) -> Result<()> {
        if self.holds_in(division) {
            return Ok(());
        }
        Err(Error::forbidden(
            "outside_division",
            Text::new(
                format!("区划 {division} 不在您的管辖范围内。"),
                format!("Division {division} is outside your jurisdiction."),
            ),
        ))
    }

    /// A stable name for idempotency keys and audit lines; no personal data.
    pub fn mark(&self) -> String {
        match self {
            Caller::Public => "public".to_owned(),
            Caller::Operator => "operator".to_owned(),
            Caller::Key(holder) => format!("key:{}", holder.id),
        }
    }
}
